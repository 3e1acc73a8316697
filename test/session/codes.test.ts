// The table of IB codes, with texts as seen live.
import t from 'tap'
import { classifyIbCode, type IbCodeClass, isIbError } from '../../src/session/codes.ts'

const link = 'Connectivity between IBKR and Trader Workstation has been'
const rows: Array<[code: number, text: string, expected: IbCodeClass, error: boolean]> = [
  [1100, `${link} lost.`, { kind: 'upstream-lost' }, true],
  [
    2110,
    'Connectivity between Trader Workstation and server is broken. It will be restored automatically.',
    { kind: 'upstream-lost' },
    true,
  ],
  [1101, `${link} restored - data lost.`, { kind: 'upstream-restored', dataLost: true }, false],
  [
    1102,
    `${link} restored - data maintained. All data farms are connected: usfuture; usfarm.`,
    { kind: 'upstream-restored', dataLost: false, brokenFarms: [] },
    false,
  ],
  [
    1102,
    `${link} restored - data maintained. The following farms are connected: cashfarm; secdefil. The following farms are not connected: cashhmds; usfarm.nj.`,
    { kind: 'upstream-restored', dataLost: false, brokenFarms: ['cashhmds', 'usfarm.nj'] },
    false,
  ],
  [
    2103,
    'Market data farm connection is broken:usfarm',
    { kind: 'farm', farm: 'usfarm', service: 'market-data', state: 'broken' },
    false,
  ],
  [
    2104,
    'Market data farm connection is OK:usfarm.nj',
    { kind: 'farm', farm: 'usfarm.nj', service: 'market-data', state: 'ok' },
    false,
  ],
  [
    2105,
    'HMDS data farm connection is broken:ushmds',
    { kind: 'farm', farm: 'ushmds', service: 'historical', state: 'broken' },
    false,
  ],
  [
    2106,
    'HMDS data farm connection is OK:ushmds',
    { kind: 'farm', farm: 'ushmds', service: 'historical', state: 'ok' },
    false,
  ],
  [
    2107,
    'HMDS data farm connection is inactive but should be available upon demand.ushmds',
    { kind: 'farm', farm: 'ushmds', service: 'historical', state: 'inactive' },
    false,
  ],
  [
    2108,
    'Market data farm connection is inactive but should be available upon demand.usfarm.nj',
    { kind: 'farm', farm: 'usfarm.nj', service: 'market-data', state: 'inactive' },
    false,
  ],
  [
    2119,
    'Market data farm is connecting:usfarm',
    { kind: 'farm', farm: 'usfarm', service: 'market-data', state: 'connecting' },
    false,
  ],
  [
    2157,
    'Sec-def data farm connection is broken:secdefnj',
    { kind: 'farm', farm: 'secdefnj', service: 'security-definition', state: 'broken' },
    false,
  ],
  [
    2158,
    'Sec-def data farm connection is OK:secdefnj',
    { kind: 'farm', farm: 'secdefnj', service: 'security-definition', state: 'ok' },
    false,
  ],
  [2103, '', { kind: 'farm', farm: 'unknown', service: 'market-data', state: 'broken' }, false],
  [
    326,
    'Unable to connect as the client id is already in use. Retry with a unique client id.',
    { kind: 'client-id-in-use' },
    true,
  ],
  [
    1300,
    'TWS socket port has been reset and this connection is being dropped. Please reconnect on the new port - 4009',
    { kind: 'port-changed' },
    true,
  ],
  [10197, 'No market data during competing live session', { kind: 'competing-session' }, true],
  [
    10141,
    'Paper trading disclaimer must first be accepted for API connection.',
    { kind: 'not-usable-yet' },
    false,
  ],
  [
    321,
    "Error validating request.-'bN' : cause - The API interface is currently in Read-Only mode.",
    { kind: 'read-only' },
    true,
  ],
  [
    321,
    "Error validating request.-'bF' : cause - Invalid order type was entered",
    { kind: 'request-error' },
    true,
  ],
  [100, 'Max rate of messages per second has been exceeded:max=50 rec=56 (1)', { kind: 'pacing' }, true],
  [
    162,
    'Historical Market Data Service error message:Historical data request pacing violation',
    { kind: 'pacing' },
    true,
  ],
  [
    162,
    'Historical Market Data Service error message:No market data permissions for NYSE STK',
    { kind: 'permission' },
    true,
  ],
  [
    162,
    'Historical Market Data Service error message:API historical data query cancelled: 7',
    { kind: 'informational' },
    false,
  ],
  [
    162,
    'Historical Market Data Service error message:HMDS query returned no data: AAPL@SMART Trades',
    { kind: 'request-error' },
    true,
  ],
  [420, 'Invalid Real-time Query: Historical data request pacing violation', { kind: 'pacing' }, true],
  [420, 'Invalid Real-time Query: No market data permissions for NYSE STK', { kind: 'permission' }, true],
  [354, 'Requested market data is not subscribed.', { kind: 'permission' }, true],
  [10089, 'Requested market data requires additional subscription for API.', { kind: 'permission' }, true],
  [
    10167,
    'Requested market data is not subscribed. Displaying delayed market data.',
    { kind: 'informational' },
    false,
  ],
  [200, 'No security definition has been found for the request', { kind: 'request-error' }, true],
  [366, 'No historical data query found for ticker id:7', { kind: 'informational' }, false],
  [165, 'Historical Market Data Service query message:', { kind: 'informational' }, false],
  [503, 'The TWS is out of date and must be upgraded.', { kind: 'unsupported' }, true],
  [
    2109,
    'Order Event Warning: Attribute "Outside Regular Trading Hours" is ignored',
    { kind: 'informational' },
    false,
  ],
  [2172, 'This version will no longer be supported', { kind: 'informational' }, false],
  [99_999, 'never seen', { kind: 'request-error' }, true],
]

for (const [code, text, expected, error] of rows)
  t.test(`${code} ${text.slice(0, 80)}`, async (t) => {
    const codeClass = classifyIbCode(code, text)
    t.strictSame(codeClass, expected)
    t.equal(isIbError(codeClass), error)
  })

t.test('total: no code and no text makes it throw', async (t) => {
  for (let code = -2; code < 12_000; code++)
    for (const text of ['', ':', '\n.;:', `${link} `.repeat(100)]) classifyIbCode(code, text)
  t.pass()
})
