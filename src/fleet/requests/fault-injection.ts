// Faults for simulated gateways, asked for from outside and noted in the history.
import { FleetError } from '../../ports/errors.ts'
import type { Caller } from '../../ports/fleet.ts'
import type { Fleet } from '../fleet.ts'
import type { Keeper } from '../reconcile/keeper.ts'

/** NOT_FOUND unless gateways are simulated; UNKNOWN_FAULT lists the known ones; GATEWAY_NOT_UP. */
export async function injectFault(
  { deps: { runtime }, audit }: Pick<Fleet, 'deps' | 'audit'>,
  { follower: { id: followerId } }: Keeper,
  fault: string,
  value: string | undefined,
  { actor }: Caller,
): Promise<void> {
  if (!runtime.injectFault)
    throw new FleetError(
      'NOT_FOUND',
      'Faults can only be injected into simulated gateways (RUNTIME=simulated).',
    )
  await runtime.injectFault(followerId, fault, value)
  audit.note({
    type: 'simulator.fault',
    followerId,
    actor,
    message: `Fault injected: ${fault}`,
    ...(value !== undefined && { data: { value } }),
  })
}
