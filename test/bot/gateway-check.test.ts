// One look at a gateway: every way in which it can fail to be ready, and that nothing of the look stays behind.
import { type AddressInfo, createServer } from 'node:net'
import t, { type Test } from 'tap'
import { ibConnector } from '../../src/adapters/ib/connector.ts'
import { systemClock } from '../../src/adapters/system-clock.ts'
import { type CheckVerdict, checkGateway } from '../../src/bot/gateway-check.ts'
import { FleetError } from '../../src/ports/errors.ts'
import type { IbConnection, IbConnectionListener, IbConnector, IbTarget } from '../../src/ports/ib.ts'
import { FakeClock } from '../fake-clock.ts'
import { type FakeConnection, FakeConnector } from '../session/fake-connector.ts'

const address = { host: 'gateway', port: 4002 }
const never = new AbortController().signal

/** A look under way at a gateway that does what `behave` says; at its end nothing may be left. */
function look(t: Test, behave: (connection: FakeConnection) => void, signal = never) {
  const clock = new FakeClock()
  const connector = new FakeConnector()
  connector.behave = behave
  const verdict = checkGateway({ connector, clock }, address, signal).finally(() => {
    t.equal(connector.openConnections, 0, 'its connection is closed')
    t.equal(clock.pendingTimers, 0, 'no timer is left')
  })
  return { clock, connector, verdict }
}

t.test(
  'an accepting port that goes on to name accounts is ready [check_port_success, validate_authentication_success]',
  async (t) => {
    const { clock, connector, verdict } = look(t, (connection) => connection.reach('handshake'))
    await clock.advance(40)
    connector.last.welcome(['DU1234567', 'DU7654321'])
    t.strictSame(await verdict, { ok: true, accounts: ['DU1234567', 'DU7654321'], roundTripMs: 40 })
    t.strictSame(connector.last.target, { ...address, clientId: 0 })
    t.equal(connector.connections.length, 1)
  },
)

t.test('a port that never answers is silent after 5 s [check_port_timeout]', async (t) => {
  const { clock, verdict } = look(t, () => {})
  await clock.advance(4_999)
  t.equal(clock.pendingTimers, 1, 'not before')
  await clock.advance(1)
  t.match(await verdict, {
    ok: false,
    kind: 'silent',
    detail: /^Connection to gateway:4002: no TCP .* within 5 s$/,
  })
})

t.test(
  'nothing listens [check_port_connection_refused, validate_authentication_connection_error]',
  async (t) => {
    const { verdict } = look(t, (connection) => connection.refuse())
    t.match(await verdict, { ok: false, kind: 'refused', detail: /nothing listens$/ })
  },
)

t.test('accepted, but no accounts [validate_authentication_no_accounts]', async (t) => {
  const rows: Array<[name: string, behave: (connection: FakeConnection) => void, detail: RegExp]> = [
    ['an empty list', (connection) => connection.welcome([]), /empty list/],
    [
      'closed in the handshake',
      (connection) => {
        connection.reach('handshake')
        connection.drop()
      },
      /the gateway closed it$/,
    ],
    [
      'client id 0 in use',
      (connection) => {
        connection.reach('handshake')
        connection.notice(326, 'Unable to connect as the client id is already in use.')
      },
      /client id 0 \[326\]/,
    ],
    [
      'the disclaimer',
      (connection) => {
        connection.reach('handshake')
        connection.notice(10141, 'Paper trading disclaimer must first be accepted for API connection.')
      },
      /disclaimer .* \[10141\]/,
    ],
  ]
  for (const [name, behave, detail] of rows)
    await t.test(name, async (t) => {
      const { verdict } = look(t, behave)
      t.match(await verdict, { ok: false, kind: 'no-accounts', detail })
    })
})

t.test('a handshake that hangs ends 10 s after the port accepted, at whatever step', async (t) => {
  for (const steps of [
    ['handshake'],
    ['handshake', 'accounts'],
    ['handshake', 'accounts', 'order-id'],
  ] as const)
    await t.test(steps.at(-1) ?? '', async (t) => {
      const { clock, connector, verdict } = look(t, () => {})
      for (const step of steps) {
        await clock.advance(3_000)
        connector.last.reach(step)
      }
      const sinceAcceptedMs = 3_000 * (steps.length - 1)
      await clock.advance(9_999 - sinceAcceptedMs)
      t.equal(clock.pendingTimers, 1, 'not before')
      await clock.advance(1)
      t.match(await verdict, { ok: false, kind: 'no-accounts', detail: /within 10 s/ })
    })
})

t.test('notices that say nothing against it are no obstacle', async (t) => {
  const { verdict } = look(t, (connection) => {
    connection.reach('handshake')
    connection.notice(2104, 'Market data farm connection is OK:usfarm')
    connection.welcome()
  })
  t.match(await verdict, { ok: true })
})

t.test('an aborted look closes its connection, then rejects with the reason', async (t) => {
  const stop = new AbortController()
  const { clock, connector, verdict } = look(t, () => {}, stop.signal)
  await clock.advance(1)
  stop.abort(new Error('the bot ends'))
  await t.rejects(verdict, { message: 'the bot ends' })
  t.equal(connector.last.closed, true)
  const late = new FakeConnector()
  await t.rejects(checkGateway({ connector: late, clock }, address, stop.signal), { message: 'the bot ends' })
  t.equal(late.connections.length, 0, 'aborted before, it opens nothing')
})

t.test('a verdict waits for the socket to be gone', async (t) => {
  const connector = new LingeringConnector()
  let verdict: CheckVerdict | undefined
  const done = checkGateway({ connector, clock: new FakeClock() }, address, never).then((given) => {
    verdict = given
  })
  await new Promise(setImmediate)
  t.equal(verdict, undefined)
  connector.goAway()
  await done
  t.match(verdict, { ok: true })
})

t.test('over a real socket', async (t) => {
  const deps = { connector: ibConnector(), clock: systemClock() }
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  t.match(await checkGateway(deps, { host: '127.0.0.1', port }, never), { ok: false, kind: 'no-accounts' })
  await new Promise((resolve) => server.close(resolve))
  t.match(await checkGateway(deps, { host: '127.0.0.1', port }, never), { ok: false, kind: 'refused' })
  t.match(
    await checkGateway(deps, { host: 'no-such-gateway.invalid', port: 4002 }, never),
    { ok: false, kind: 'unresolved', detail: /no-such-gateway\.invalid/ },
    'EC-06',
  )
})

/** Welcomes at once, and takes its time over the end of the connection. */
class LingeringConnector implements IbConnector {
  goAway: () => void = () => {}

  open(_target: IbTarget, listener: IbConnectionListener): IbConnection {
    queueMicrotask(() => listener.onReady({ serverVersion: 193, accounts: ['DU1'], nextOrderId: 1 }))
    const refuse = () => {
      throw new FleetError('CONNECTION_CLOSED', 'closed')
    }
    return {
      currentTime: async () => refuse(),
      request: async () => refuse(),
      stream: refuse,
      placeOrder: refuse,
      cancelOrder: refuse,
      mark() {},
      close: () =>
        new Promise((resolve) => {
          this.goAway = resolve
        }),
    }
  }
}
