// Whether the fleet is made up: a page over simulated gateways says so, lest somebody believes in its accounts.
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { SystemStatus } from '../../schemas/system.ts'
import { api } from './api.ts'
import { usePolled } from './polled.ts'

/** The manager's engine makes its gateways up; false until it is known. */
export const isSimulated = signal(false)

const askEngine = async (signal: AbortSignal) =>
  (await api<SystemStatus>('/system/system-status', { signal })).engine.kind

const hour = 3_600_000

/** Once in the page, for somebody who is logged in. The engine changes with the manager, and then the stream comes back. */
export function SimulatedMark() {
  const { answer } = usePolled(askEngine, hour)
  useEffect(() => {
    if (answer !== undefined) isSimulated.value = answer === 'simulated'
  }, [answer])
  if (!isSimulated.value) return null
  return (
    <span class="simulated" title="The gateways, accounts and prices of this fleet are made up.">
      Simulated
    </span>
  )
}
