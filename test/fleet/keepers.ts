// Keepers for tests of what reads them: no queue, no engine, a session that answers or does not.
import { gatewaySpec } from '../../src/fleet/lifecycle/spec.ts'
import { emptyRecord, type Keeper, newKeeper } from '../../src/fleet/reconcile/keeper.ts'
import type { IbSession } from '../../src/session/session.ts'
import type { SessionSnapshot } from '../../src/session/snapshot.ts'
import { container, follower, noon, session, state } from './looks.ts'

export const defaults = { containerPrefix: 'ibgateway-follower', gatewayImage: 'image', memoryMb: 2048 }

/** Just enough of a session for those who ask it. */
export const sessionThat = (healthy: boolean, snapshot: Partial<SessionSnapshot> = {}) =>
  ({
    isHealthy: () => healthy,
    isConnected: () => true,
    snapshot: () => session('ready', snapshot),
  }) as unknown as IbSession

export function keeperOf(changed: Partial<Keeper> = {}, id = 'f1'): Keeper {
  const record = { ...emptyRecord(id), desired: 'running' as const }
  const known = follower({ id })
  return { ...newKeeper(known, record, gatewaySpec(known, defaults), noon), container: null, ...changed }
}

export const runningKeeper = (changed: Partial<Keeper> = {}): Keeper =>
  keeperOf({
    container: container(),
    session: sessionThat(true),
    state: state({ phase: 'ready', wasReady: true }),
    ...changed,
  })
