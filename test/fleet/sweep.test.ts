// The sweep of the monitor while the store fails a part of it.
import { pino } from 'pino'
import t from 'tap'
import { GatewayManager } from '../../src/fleet/manager.ts'
import { FleetError } from '../../src/ports/errors.ts'
import { makeWorld, until } from './world.ts'

t.test(
  'bots that cannot be read keep nobody from forgetting what is old, and are no error of each sweep',
  async (t) => {
    const { deps } = await makeWorld(t, { monitorIntervalMs: 20 })
    const errors: string[] = []
    const log = pino({ level: 'error' }, { write: (line: string) => void errors.push(line) })
    const { events, leases } = deps.stores
    let swept = 0
    const stores = {
      ...deps.stores,
      leases: { ...leases, list: () => Promise.reject(new FleetError('STORE_UNAVAILABLE', 'away')) },
      events: {
        ...events,
        sweep: (before: number) => {
          swept++
          return events.sweep(before)
        },
      },
    }
    const askBot = async () => ({ healthy: true })
    const manager = new GatewayManager({ ...deps, stores, log, askBot })
    t.teardown(() => manager.stop())
    await manager.start()
    await until(
      () => swept,
      (it) => it > 2,
      'sweeps of the history',
    )
    t.strictSame(errors, [])
  },
)
