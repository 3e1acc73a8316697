// A manager that starts while the store is away: until it has read what the store says, it acts on nothing that it remembers, and writes nothing.
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { readProcesses } from '../../../src/adapters/embedded/processes.ts'
import { openEmbeddedStores } from '../../../src/adapters/embedded/stores.ts'
import { systemClock } from '../../../src/adapters/system-clock.ts'
import { GatewayManager } from '../../../src/fleet/manager.ts'
import { emptyRecord } from '../../../src/fleet/reconcile/keeper.ts'
import { FleetError } from '../../../src/ports/errors.ts'
import type { GatewayRecord } from '../../../src/ports/stores.ts'
import { follower } from '../../contracts/stores.ts'
import { testFolder } from '../../test-folder.ts'
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
