// The ordered end: refuse new work, end what decides, stop or leave the gateways within the budget, close sessions. Errors are logged, never in the way.
import { setMaxListeners } from 'node:events'
import { FleetError } from '../ports/errors.ts'
import { stopGraceMs } from '../ports/runtime.ts'
import { traced } from '../telemetry/tracer.ts'
import type { Fleet } from './fleet.ts'
import { gatewayStatus } from './lifecycle/state.ts'
import type { Keeper } from './reconcile/keeper.ts'
import { closeSession } from './reconcile/session-keeping.ts'
import { attributesOf } from './tracing/gateway-traces.ts'

/** For alerts that are on their way; what is not taken by then is sent by the next manager. */
const partingWordsMs = 3_000

/** Resolves when every gateway is stopped (or left), and no timer, socket or stream of the core is left. */
export async function shutDown(fleet: Fleet): Promise<void> {
  const { deps, keepers, alerts, audit, budget } = fleet
  const { log, settings, clock } = deps
  const startedAt = clock.monotonicMs()
  log.info({ onShutdown: settings.onShutdown, gateways: keepers.size }, 'shutting down')
  await fleet.halt()
  fleet.traces.close()
  const all = [...keepers.values()]
  if (settings.onShutdown === 'stop') await stopAll(fleet, all)
  await Promise.all(all.map((keeper) => rest(fleet, keeper)))
  for (const keeper of all) {
    fleet.ports.release(keeper.follower.id)
    fleet.usernames.release(keeper.follower.id)
  }
  await budget.store().catch((err) => log.warn({ err }, 'a rejected login was not stored'))
  await Promise.all([alerts.close(partingWordsMs), audit.flush()])
  log.info({ tookMs: Math.round(clock.monotonicMs() - startedAt) }, 'shut down')
}

/** All at once; those that are not gone when four fifths of the budget are over are killed. */
async function stopAll(fleet: Fleet, keepers: readonly Keeper[]): Promise<void> {
  const { clock, log, settings } = fleet.deps
  const politely = new AbortController()
  // As many gateways as there are listen to each.
  setMaxListeners(0, politely.signal)
  const cancel = clock.schedule(settings.shutdownTimeoutMs * 0.8, () =>
    politely.abort(new Error('the shutdown budget is nearly over')),
  )
  const stragglers = await Promise.all(keepers.map((keeper) => stopOne(fleet, keeper, politely.signal)))
  cancel()
  const left = keepers.filter((_, index) => stragglers[index])
  if (left.length === 0) return
  log.warn(
    { gateways: left.map((keeper) => keeper.follower.id) },
    'killing gateways that did not stop in time',
  )
  const atOnce = new AbortController()
  setMaxListeners(0, atOnce.signal)
  const end = clock.schedule(settings.shutdownTimeoutMs * 0.2, () =>
    atOnce.abort(new Error('the shutdown budget is over')),
  )
  await Promise.all(left.map((keeper) => killOne(fleet, keeper, atOnce.signal)))
  end()
}

/** True when it is not gone. */
async function stopOne(fleet: Fleet, keeper: Keeper, signal: AbortSignal): Promise<boolean> {
  const { runtime, log, stores } = fleet.deps
  const { container } = keeper
  if (!container) return false
  try {
    await traced(fleet.deps.tracer, 'gateway.stop', attributesOf(keeper), async () => {
      await closeSession(keeper)
      const tidy = keeper.state.wasReady || keeper.adopted
      if (container.state !== 'exited')
        await (tidy ? runtime.stop(container.id, stopGraceMs, signal) : runtime.kill(container.id, signal))
      await runtime.remove(container.id, signal)
    })
    gone(fleet, keeper)
    return false
  } catch (err) {
    log.warn({ followerId: keeper.follower.id, err, store: stores.kind }, 'gateway did not stop')
    return true
  }
}

async function killOne(fleet: Fleet, keeper: Keeper, signal: AbortSignal): Promise<void> {
  const { runtime, log } = fleet.deps
  const { container } = keeper
  if (!container) return
  try {
    await runtime.kill(container.id, signal)
    await runtime.remove(container.id, signal)
    gone(fleet, keeper)
  } catch (err) {
    const cause =
      err instanceof FleetError
        ? err
        : new FleetError('ENGINE_UNAVAILABLE', 'The container could not be removed.', { cause: err })
    log.error(
      { followerId: keeper.follower.id, containerId: container.id, err: cause },
      'gateway left behind; the next manager adopts it',
    )
  }
}

/** For the history: without it the gateway would seem to have run until the next manager's start. */
function gone({ audit }: Fleet, keeper: Keeper): void {
  const { phase } = keeper.state
  keeper.container = null
  audit.note({
    type: 'gateway.phase',
    followerId: keeper.follower.id,
    message: 'Gateway stopped with the manager',
    data: { from: phase, to: 'stopped', status: 'STOPPED', before: gatewayStatus(phase) },
  })
}

/** Ends what we hold open of one gateway, whatever became of it. */
async function rest({ deps }: Fleet, keeper: Keeper): Promise<void> {
  try {
    await closeSession(keeper)
    await keeper.logReader?.close()
  } catch (err) {
    deps.log.warn({ followerId: keeper.follower.id, err }, 'session or log did not close')
  }
}
