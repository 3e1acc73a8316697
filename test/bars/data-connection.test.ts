// The data connection over a fake connector and a clock that stands still: when it tries, with which client id, and what it says meanwhile.
import t, { type Test } from 'tap'
import { DataConnection } from '../../src/bars/data-connection.ts'
import type { DataSource, DataTarget, NoTarget } from '../../src/bars/data-source.ts'
import { Pacers } from '../../src/session/pacing/pacers.ts'
import { FakeClock, settle } from '../fake-clock.ts'
import { type FakeConnection, FakeConnector } from '../session/fake-connector.ts'
import { silent } from '../session/harness.ts'

class FakeSource implements DataSource {
  now: DataTarget | NoTarget = target()
  readonly #listeners = new Set<() => void>()

  async target(): Promise<DataTarget | NoTarget> {
    return this.now
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  become(now: DataTarget | NoTarget): void {
    this.now = now
    for (const listener of [...this.#listeners]) listener()
  }

  get listeners(): number {
    return this.#listeners.size
  }
}

function target(changes: Partial<DataTarget> = {}): DataTarget {
  return {
    name: 'alpha',
    host: '127.0.0.1',
    port: 4100,
    takenClientIds: new Set(),
    generation: 'first',
    ...changes,
  }
}

function makeConnection(t: Test, behave?: (connection: FakeConnection) => void, firstClientId = 1) {
  const clock = new FakeClock()
  const connector = new FakeConnector()
  if (behave) connector.behave = behave
  const source = new FakeSource()
  const connection = new DataConnection({
    source,
    connector,
    clock,
    log: silent,
    pacers: new Pacers(clock),
    firstClientId,
    heartbeatIntervalMs: 30_000,
    heartbeatTimeoutMs: 10_000,
  })
  t.teardown(() => connection.stop())
  return { clock, connector, source, connection }
}

const refuse = (connection: FakeConnection) => connection.refuse()

/** Lets a promise chain over many ticks come to rest. */
async function rest(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await settle()
}

t.test('nothing configured is disabled, and stays so', async (t) => {
  const clock = new FakeClock()
  const connector = new FakeConnector()
  const connection = new DataConnection({
    connector,
    clock,
    log: silent,
    pacers: new Pacers(clock),
    firstClientId: 1,
    heartbeatIntervalMs: 30_000,
    heartbeatTimeoutMs: 10_000,
  })
  connection.start()
  await rest()
  t.strictSame(connection.status(), { state: 'disabled', reconnects: 0 })
  t.equal(connector.connections.length, 0)
  await t.rejects(
    connection.request('headTimestamp', { contract: {}, whatToShow: 'TRADES', useRth: false }),
    {
      code: 'DATA_CONNECTION_DOWN',
      message: /IB_HOST/,
    },
  )
  await connection.stop()
})

t.test('it connects by itself, with the first client id, and says so', async (t) => {
  const { connection, connector } = makeConnection(t)
  t.equal(connection.status().state, 'waiting')
  connection.start()
  await rest()
  t.match(connection.status(), {
    state: 'connected',
    host: '127.0.0.1',
    port: 4100,
    clientId: 1,
    reconnects: 0,
  })
  t.ok(connection.isUsable)
  t.equal(connector.openConnections, 1)
})

t.test('client ids in use: the next, 50 and then 1 again, all in one go', async (t) => {
  const busy = new Set([49, 50, 1])
  const { connection, connector } = makeConnection(
    t,
    (each) => (busy.has(each.target.clientId) ? each.notice(326) : each.welcome()),
    49,
  )
  connection.start()
  await rest()
  t.equal(connection.status().clientId, 2)
  t.strictSame(
    connector.connections.map((each) => each.target.clientId),
    [49, 50, 1, 2],
  )
})

t.test('leased ids and 0 are left to those who have them', async (t) => {
  const { connection, source, connector } = makeConnection(t)
  source.now = target({ takenClientIds: new Set([0, 1, 2]) })
  connection.start()
  await rest()
  t.equal(connection.status().clientId, 3)
  t.equal(connector.connections.length, 1)
})

t.test('with every id in use it waits, and says why', async (t) => {
  const { connection, clock, connector } = makeConnection(t, (each) => each.notice(326))
  connection.start()
  for (let turn = 0; turn < 20; turn++) await rest()
  t.equal(connector.connections.length, 50)
  t.match(connection.status(), { state: 'waiting', lastError: { code: 'CLIENT_ID_IN_USE' } })
  t.equal(Date.parse(connection.status().nextRetryAt ?? '') - clock.now(), 5_000)
})

t.test('failures wait 5, 10, 30, 60, 120, 300 and 300 seconds', async (t) => {
  const { connection, connector, clock } = makeConnection(t, refuse)
  connection.start()
  await rest()
  for (const [index, seconds] of [5, 10, 30, 60, 120, 300, 300].entries()) {
    t.equal(connector.connections.length, index + 1)
    t.equal(Date.parse(connection.status().nextRetryAt ?? '') - clock.now(), seconds * 1000)
    await clock.advance(seconds * 1000 - 1)
    await rest()
    t.equal(connector.connections.length, index + 1, `not before ${seconds} s`)
    await clock.advance(1)
    await rest()
  }
  t.match(connection.status(), { state: 'waiting', lastError: { code: 'CONNECTION_REFUSED' } })
})

t.test('a connection that held for a minute begins the delays anew, one that flaps does not', async (t) => {
  const { connection, connector, clock } = makeConnection(t)
  connection.start()
  await rest()
  await clock.advance(61_000)
  connector.last.drop()
  await rest()
  t.equal(Date.parse(connection.status().nextRetryAt ?? '') - clock.now(), 5_000)
  await clock.advance(5_000)
  await rest()
  t.match(connection.status(), { state: 'connected', reconnects: 1 })
  connector.last.drop()
  await rest()
  t.equal(Date.parse(connection.status().nextRetryAt ?? '') - clock.now(), 10_000)
})

t.test('a mute gateway is noticed by the heartbeat', async (t) => {
  const { connection, connector, clock } = makeConnection(t)
  connection.start()
  await rest()
  connector.last.answering = false
  await clock.advance(60_000)
  await rest()
  t.match(connection.status(), {
    state: 'connected',
    reconnects: 1,
    lastError: { code: 'CONNECTION_TIMEOUT' },
  })
  t.equal(connector.connections.length, 2)
  t.ok(connector.connections[0]?.closed)
})

t.test('a source without a gateway is waited for, and connected to at once when it is there', async (t) => {
  const { connection, connector, source } = makeConnection(t)
  source.now = { absent: 'The gateway of alpha is not RUNNING.' }
  connection.start()
  await rest()
  t.match(connection.status(), { state: 'waiting', lastError: { code: 'GATEWAY_NOT_RUNNING' } })
  source.become(target())
  await rest()
  t.equal(connection.status().state, 'connected')
  t.equal(connector.connections.length, 1)
})

t.test('another gateway process ends the wait', async (t) => {
  const { connection, connector, source } = makeConnection(t, refuse)
  connection.start()
  await rest()
  source.become(target())
  await rest()
  t.equal(connector.connections.length, 1, 'the same one does not')
  connector.behave = (each) => each.welcome()
  source.become(target({ generation: 'second', port: 4101 }))
  await rest()
  t.match(connection.status(), { state: 'connected', port: 4101 })
  t.equal(connection.status().nextRetryAt, undefined)
})

t.test(
  'a gateway that is stopped ends the wait: why is said at once, and its return is not waited out',
  async (t) => {
    const { connection, connector, source, clock } = makeConnection(t)
    connection.start()
    await rest()
    connector.last.drop()
    await rest()
    t.match(connection.status(), { state: 'waiting', nextRetryAt: String })
    source.become({ absent: 'The gateway of alpha is not RUNNING.' })
    await rest()
    t.match(connection.status(), { state: 'waiting', lastError: { code: 'GATEWAY_NOT_RUNNING' } })
    t.equal(connection.status().nextRetryAt, undefined)
    source.become(target())
    await rest()
    t.match(connection.status(), { state: 'connected', reconnects: 1 })

    source.now = { absent: 'The gateway of alpha is not RUNNING.' }
    connector.last.drop()
    await rest()
    t.match(
      connection.status(),
      { lastError: { code: 'GATEWAY_NOT_RUNNING' } },
      'also when it was gone before',
    )
    await connection.stop()
    t.equal(source.listeners, 0)
    t.equal(clock.pendingTimers, 0)
  },
)

t.test(
  'without IBKR behind the gateway it is connected, but not usable, and listeners hear both changes',
  async (t) => {
    const { connection, connector } = makeConnection(t)
    connection.start()
    await rest()
    const seen: boolean[] = []
    connection.onChange(() => seen.push(connection.isUsable))
    connector.last.notice(1100)
    t.equal(connection.isUsable, false)
    t.equal(connection.status().state, 'connected')
    t.match(connection.trouble, /lost IBKR/)
    t.equal(connection.status().upstream, 'lost')
    connector.last.notice(1101)
    t.equal(connection.isUsable, true)
    t.equal(connection.dataLost, 1)
    t.strictSame(seen, [false, true])
  },
)

t.test('connections that were lost leave nothing behind, however many', async (t) => {
  const { connection, connector, clock } = makeConnection(t)
  const warnings: string[] = []
  const onWarning = ({ name }: Error) => warnings.push(name)
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))
  connection.start()
  await rest()
  for (let lost = 0; lost < 12; lost++) {
    connector.last.drop()
    await rest()
    await clock.advance(300_000)
    await rest()
  }
  t.match(connection.status(), { state: 'connected', reconnects: 12 })
  t.strictSame(warnings, [], 'Node warns at the eleventh listener of a signal')
})

t.test('stopping ends the connection and leaves no timer and no listener', async (t) => {
  const { connection, connector, clock, source } = makeConnection(t)
  connection.start()
  await rest()
  await connection.stop()
  t.equal(connector.openConnections, 0)
  t.equal(clock.pendingTimers, 0)
  t.equal(source.listeners, 0)
})

t.test('stopping while it waits leaves nothing either', async (t) => {
  const { connection, clock, source } = makeConnection(t, refuse)
  connection.start()
  await rest()
  await connection.stop()
  t.equal(clock.pendingTimers, 0)
  t.equal(source.listeners, 0)
})
