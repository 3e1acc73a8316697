// Health in layers, and the conditions beside them.
import t from 'tap'
import { findConditions } from '../../../src/fleet/lifecycle/conditions.ts'
import { findLayers, foldLayers, healthVerdict } from '../../../src/fleet/lifecycle/health.ts'
import type { Observation } from '../../../src/fleet/lifecycle/state.ts'
import { container, login, look, noon, session, state } from '../looks.ts'

const short = { ok: '+', failing: '-', unknown: '?' }
const inLog = { login: login('connecting') }
const at = (step: 'socket' | 'handshake' | 'accounts' | 'order-id') => ({
  ...inLog,
  session: session('connecting', { step }),
})
const ready = { ...inLog, session: session('ready') }

// container login port handshake accounts heartbeat upstream farms
const rows: Array<[name: string, seen: Partial<Observation>, layers: string, detail?: RegExp]> = [
  ['engine never seen', { container: undefined, engineUp: false }, '-???????', /engine has not answered/],
  ['no container', { container: null }, '-???????', /no container/],
  [
    'exited',
    { container: container({ state: 'exited', exitCode: 3 }), ...inLog },
    '-???????',
    /exited with status 3/,
  ],
  ['exited, status unknown', { container: container({ state: 'exited' }) }, '-???????', /status unknown/],
  ['paused', { container: container({ state: 'paused' }) }, '-???????', /paused/],
  ['engine down', { engineUp: false }, '-???????', /engine does not answer/],
  ['engine down, session alive', { engineUp: false, ...ready }, '?+++++++'],
  ['no log yet', {}, '+???????'],
  ['logging in', { login: login('logging-in') }, '+-??????', /logging-in/],
  ['2FA', { login: login('awaiting-2fa', { reason: { code: 'AWAITING_2FA' } }) }, '+-??????', /AWAITING_2FA/],
  [
    'wrong password',
    { login: login('locked', { reason: { code: 'CREDENTIALS_REJECTED', detail: 'Unrecognized' } }) },
    '+-??????',
    /Unrecognized/,
  ],
  ['logged in, not yet tried', inLog, '++??????'],
  ['socket', at('socket'), '++-?????', /waiting for socket/],
  ['handshake', at('handshake'), '+++-????', /waiting for handshake/],
  ['accounts', at('accounts'), '++++-???', /waiting for accounts/],
  ['order id', at('order-id'), '++++-???', /no order id yet/],
  [
    'failed at the handshake',
    {
      ...inLog,
      session: session('failed', { step: 'handshake', lastError: { code: 1, message: 'no answer', at: 0 } }),
    },
    '+++-????',
    /no answer/,
  ],
  ['ready', ready, '++++++++'],
  [
    'just lost',
    {
      ...inLog,
      session: session('reconnecting', {
        lastError: { code: 1, message: 'no answer to the heartbeat', at: 0 },
      }),
    },
    '++???-??',
    /no answer to the heartbeat/,
  ],
  ['ready, log says nothing', { session: session('ready') }, '++++++++'],
  ['wrong account', { ...ready, accountFault: 'U9 is no paper account' }, '++++-+++', /U9/],
  ['upstream lost', { ...inLog, session: session('ready', { upstream: 'lost' }) }, '++++++-?', /1100/],
  ['farm down', { ...inLog, session: session('ready', { brokenFarms: ['usfarm'] }) }, '+++++++-', /usfarm/],
]
for (const [name, seen, layers, detail] of rows)
  t.test(name, async (t) => {
    const found = Object.values(findLayers(look(seen), true))
    t.equal(found.map(({ status }) => short[status]).join(''), layers)
    if (detail) t.match(found.find(({ status }) => status === 'failing')?.detail, detail)
  })

t.test('ready but silent', async (t) => {
  t.match(findLayers(look(ready), false).heartbeat, { status: 'failing', detail: /deadline/ })
})

t.test('a layer keeps its time while its status stays', async (t) => {
  const first = foldLayers([], findLayers(look(at('handshake')), false), noon)
  const second = foldLayers(first, findLayers(look(ready), true), noon + 5)
  const since = Object.fromEntries(second.map((layer) => [layer.name, Date.parse(layer.since) - noon]))
  t.match(since, { container: 0, login: 0, port: 0, handshake: 5, accounts: 5, farms: 5 })
})

t.test('the verdict', async (t) => {
  const verdict = (
    phase: 'ready' | 'degraded' | 'upstream-lost' | 'reconnecting',
    seen: Partial<Observation>,
    answers = true,
  ) => healthVerdict('f1', state({ phase }), foldLayers([], findLayers(look(seen), answers), noon), answers)
  t.match(verdict('ready', ready), { healthy: true, status: 'RUNNING', failing: undefined, followerId: 'f1' })
  const farm = { ...inLog, session: session('ready', { brokenFarms: ['usfarm'] }) }
  t.match(verdict('degraded', farm), { healthy: true, status: 'RUNNING', failing: 'farms' })
  t.match(verdict('ready', ready, false), { healthy: false, failing: 'heartbeat' }, 'RUNNING is not enough')
  const lost = { ...inLog, session: session('ready', { upstream: 'lost', brokenFarms: ['usfarm'] }) }
  t.match(verdict('upstream-lost', lost), { healthy: false, status: 'STARTING', failing: 'upstream' })
  const locked = state({ phase: 'locked', cause: { code: 'CRASH_LOOP' } })
  const nothing = foldLayers([], findLayers(look({ container: null }), false), noon)
  t.match(healthVerdict('f1', locked, nothing, false).layers[0], {
    status: 'failing',
    detail: 'no container: locked for CRASH_LOOP',
  })
  const detailOf = (from: Parameters<typeof state>[0], seen: Partial<Observation>) =>
    healthVerdict('f1', state(from), foldLayers([], findLayers(look(seen), false), noon), false).layers[0]
      ?.detail
  const cause = { code: 'CRASH_LOOP' } as const
  t.equal(
    detailOf({ phase: 'backing-off', cause }, { container: null }),
    'no container: backing-off for CRASH_LOOP',
  )
  t.equal(detailOf({ phase: 'restarting', cause }, { container: null }), 'no container', 'another one comes')
  t.equal(detailOf({ phase: 'locked' }, { container: null }), 'no container')
  t.match(detailOf({ phase: 'locked', cause }, { container: container({ state: 'paused' }) }), /paused$/)
  t.equal(verdict('ready', ready).layers[0]?.since, '2026-01-05T17:00:00.000Z')
})

t.test('conditions', async (t) => {
  const { progress } = login(
    'connecting',
    {},
    { readOnlyBlock: true, passwordNotice: true, configWarning: 'bad time' },
  )
  const all = look({
    engineUp: false,
    container: container({ publishedOn: ['127.0.0.1', '0.0.0.0'] }),
    login: { progress, verdict: login('connecting').verdict },
    session: session('ready', { brokenFarms: ['usfarm'], heartbeatLate: true, competing: true }),
  })
  const types = findConditions(all, 'other settings').map(({ type }) => type)
  t.strictSame(types, [
    'EngineUnavailable',
    'FarmDown',
    'SlowHeartbeat',
    'CompetingSession',
    'ReadOnlyBlock',
    'PasswordNotice',
    'ConfigWarning',
    'Drift',
    'PublishedWide',
  ])
  t.strictSame(findConditions(look(ready), null), [])
  t.strictSame(findConditions(look({ container: null }), null), [])
})
