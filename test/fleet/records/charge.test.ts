// A manager that starts while the store is away: until it has read what the store says, it acts on nothing that it remembers, and writes nothing.
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { readProcesses } from '../../../src/adapters/embedded/processes.ts'
import { openEmbeddedStores } from '../../../src/adapters/embedded/stores.ts'
import { systemClock } from '../../../src/adapters/system-clock.ts'
import { GatewayManager } from '../../../src/fleet/manager.ts'
import { emptyRecord } from '../../../src/fleet/reconcile/keeper.ts'
import { Charge, type ChargeDeps } from '../../../src/fleet/records/charge.ts'
import { FleetError } from '../../../src/ports/errors.ts'
import type { GatewayRecord } from '../../../src/ports/stores.ts'
import { follower } from '../../contracts/stores.ts'
import { FakeClock } from '../../fake-clock.ts'
import { testFolder } from '../../test-folder.ts'
import { silent } from '../looks.ts'
import { makeWorld, until } from '../world.ts'

const asked = { actor: 'test' }
const seen = { enabled: true, state: 'ACTIVE' } as const
const wish = (change: Partial<GatewayRecord>): GatewayRecord => ({ ...emptyRecord('a'), seen, ...change })

/** The store says one thing of `a`, what was last known another; the store is away, then back, and slow to answer. */
async function startWithoutStore(t: Test, lastKnown: GatewayRecord, stored: GatewayRecord) {
  const { deps, runtime } = await makeWorld(t, { monitorIntervalMs: 20 })
  const copy = await openEmbeddedStores({
    dataDir: testFolder(t, { copy: {} }),
    clock: systemClock(),
    log: pino({ level: 'silent' }),
    processes: readProcesses(),
    onLockLost: () => {},
  })
  for (const [stores, record] of [
    [copy, lastKnown],
    [deps.stores, stored],
  ] as const) {
    await stores.followers.insert(follower('a'))
    await stores.gateways.put(record)
  }
  await deps.credentials.write(
    follower('a'),
    { username: 'user-a', password: 'sim' },
    AbortSignal.timeout(5_000),
  )
  let isAway = true
  let answer = () => {}
  let isReading = false
  const { gateways } = deps.stores
  const slow = {
    ...gateways,
    list: () =>
      new Promise<GatewayRecord[]>((resolve) => {
        isReading = true
        answer = () => resolve(gateways.list())
      }),
  }
  const manager = new GatewayManager({
    ...deps,
    stores: { ...deps.stores, gateways: slow },
    lastKnown: copy,
    takeCharge: async () => {
      if (isAway) throw new FleetError('STORE_UNAVAILABLE', 'away')
      return undefined
    },
  })
  t.teardown(async () => {
    await manager.stop()
    await copy.close()
  })
  await manager.start()
  return {
    manager,
    runtime,
    gateways,
    async storeBack() {
      isAway = false
      await until(
        () => isReading,
        (it) => it,
        'the wishes are read',
      )
    },
    answer: () => answer(),
  }
}

t.test('a gateway stopped elsewhere meanwhile is not launched', async (t) => {
  const { manager, runtime, gateways, storeBack, answer } = await startWithoutStore(
    t,
    wish({ desired: 'running' }),
    wish({ desired: 'stopped' }),
  )
  t.match(manager.getGateway('a'), { phase: 'backing-off', reason: { code: 'STORE_UNAVAILABLE' } })
  await storeBack()
  await t.rejects(manager.launchGateway('a', asked), { code: 'STORE_UNAVAILABLE' })
  const { lastRunAt } = (await manager.systemStatus(AbortSignal.timeout(5_000))).monitor
  await until(
    async () => (await manager.systemStatus(AbortSignal.timeout(5_000))).monitor.lastRunAt,
    (at) => at !== undefined && at !== lastRunAt,
    'a sweep of the monitor',
  )
  t.match(manager.getGateway('a'), { phase: 'backing-off', reason: { code: 'STORE_UNAVAILABLE' } })
  answer()
  await until(
    () => manager.getGateway('a'),
    ({ status, desired }) => status === 'STOPPED' && desired === 'stopped',
    'stopped, as the store says',
  )
  t.same(await runtime.list(AbortSignal.timeout(5_000)), [])
  t.match(await gateways.get('a'), { desired: 'stopped' })
})

t.test('what the store says of ends and requests counts, and is not written over', async (t) => {
  const hold = { code: 'CRASH_LOOP', at: 4 } as const
  const stored = wish({ desired: 'running', hold, crashes: [1, 2, 3], missedPushes: 2 })
  const { manager, gateways, storeBack, answer } = await startWithoutStore(
    t,
    wish({ desired: 'running' }),
    stored,
  )
  await storeBack()
  answer()
  await until(
    () => manager.getGateway('a'),
    ({ phase }) => phase === 'locked',
    'locked, as the store says',
  )
  await manager.stop()
  t.match(await gateways.get('a'), stored)
})

t.test(
  'a manager that has never reached its store says that it does not know, and not that all is well',
  async (t) => {
    const { deps } = await makeWorld(t)
    let isAway = true
    const manager = new GatewayManager({
      ...deps,
      takeCharge: async () => {
        if (isAway) throw new FleetError('STORE_UNAVAILABLE', 'away')
        return undefined
      },
    })
    t.teardown(() => manager.stop())
    await deps.stores.followers.insert(follower('a', { enabled: false }))
    await manager.start()
    t.match(manager.ibStatus(), { connected: false, healthy: false, fleet: { total: 0 } })
    const unknown = { code: 'STORE_UNAVAILABLE' }
    t.throws(() => manager.getGateway('a'), unknown)
    t.throws(() => manager.listGateways({ limit: 10 }), unknown)
    await t.rejects(async () => manager.launchGateway('a', asked), unknown)
    await t.rejects(manager.bulk('launch', undefined, asked), unknown)
    isAway = false
    await until(
      () => manager.ibStatus(),
      ({ healthy, fleet }) => healthy && fleet.total === 1,
      'known',
    )
    await until(
      () => manager.readiness(),
      ({ ready }) => ready,
      'ready',
    )
    t.throws(() => manager.getGateway('b'), { code: 'FOLLOWER_NOT_FOUND' })
  },
)

/** A store that a test takes away, and what a charge told of it. */
function chargeOf(changed: Partial<ChargeDeps> = {}) {
  const clock = new FakeClock()
  const told: string[] = []
  const store = { answers: true, takes: 0 }
  const mustAnswer = () => {
    if (!store.answers) throw new FleetError('STORE_UNAVAILABLE', 'away')
  }
  const charge = new Charge({
    clock,
    log: silent,
    take: async () => {
      store.takes++
      // The manager before us was alive at 7; a second taker would meet ourselves.
      return store.takes === 1 ? 7 : 8
    },
    readStore: async () => mustAnswer(),
    onTaken: () => told.push('taken'),
    onUnavailable: ({ message }) => told.push(message),
    onRefused: ({ message }) => told.push(`refused: ${message}`),
    ...changed,
  })
  return { clock, told, store, charge }
}

t.test('a lock that is ours is not taken again because its store cannot be read yet', async (t) => {
  const { clock, told, store, charge } = chargeOf()
  store.answers = false
  await charge.start(new AbortController().signal)
  t.throws(() => charge.mustBeHeld(), { code: 'STORE_UNAVAILABLE', retryAfterMs: 2_000 })
  store.answers = true
  await clock.advance(2_000)
  t.strictSame([charge.held, store.takes, charge.diedAt], [true, 1, 7])
  t.strictSame(told, ['away', 'taken'])
  charge.mustBeHeld()
})

t.test('a store that turns out to be somebody else ends the manager, at once or later', async (t) => {
  const taken = new FleetError('STORE_LOCKED', 'is held by another')
  const atOnce = chargeOf({ take: () => Promise.reject(taken) })
  await t.rejects(atOnce.charge.start(new AbortController().signal), { code: 'STORE_LOCKED' })
  let error = new FleetError('STORE_UNAVAILABLE', 'away')
  const later = chargeOf({ take: () => Promise.reject(error) })
  await later.charge.start(new AbortController().signal)
  error = taken
  await later.clock.advance(2_000)
  t.strictSame([later.told, later.clock.pendingTimers], [['away', 'refused: is held by another'], 0])
})

t.test('a manager that stops meanwhile tries no more', async (t) => {
  const { clock, told, store, charge } = chargeOf()
  const stop = new AbortController()
  store.answers = false
  await charge.start(stop.signal)
  stop.abort(new Error('stopping'))
  await clock.advance(10_000)
  t.strictSame([told, charge.held, clock.pendingTimers], [['away'], false, 0])
})
