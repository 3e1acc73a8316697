// Which verbs a gateway takes in its present state, as the manager will judge; and when one has done what it was asked for. Pure.
import type { Gateway } from '../../../schemas/gateway.ts'

export type Verb = 'launch' | 'stop' | 'restart' | 'restart-container' | 'reconnect'

/** Why this verb makes no sense now; null when it does. */
export function whyNot(verb: Verb, gateway: Gateway): string | null {
  const { status, desired, phase } = gateway
  const isWanted = desired === 'running'
  const isLoggedIn = ['ready', 'degraded', 'reconnecting', 'upstream-lost'].includes(phase)
  switch (verb) {
    case 'launch':
      if (!isWanted || status === 'FAILED') return null
      return status === 'RUNNING' ? 'It runs already.' : 'It is on its way already.'
    case 'stop':
      return isWanted || status !== 'STOPPED'
        ? phase === 'stopping'
          ? 'It is stopping already.'
          : null
        : 'It is stopped already.'
    case 'restart':
      return isWanted && isLoggedIn
        ? null
        : 'Only a gateway that is logged in can restart without a new login.'
    case 'restart-container':
      return isWanted && status !== 'FAILED' ? null : 'It does not run: launch it instead.'
    case 'reconnect':
      return isWanted && isLoggedIn ? null : 'There is no session to reopen.'
  }
}

/** Whether the gateway has come to where the verb leads; `failed` when it came to grief; else it is on its way. */
export function outcomeOf(verb: Verb, gateway: Gateway): 'done' | 'failed' | 'underway' {
  if (verb === 'stop') return gateway.status === 'STOPPED' ? 'done' : 'underway'
  if (gateway.status === 'RUNNING') return 'done'
  return gateway.status === 'FAILED' ? 'failed' : 'underway'
}
