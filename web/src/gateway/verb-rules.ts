// Which verbs a gateway takes in its present state, as the manager will judge; and the stages of a launch. Pure.
import type { Gateway, GatewayPhase } from '../../../schemas/gateway.ts'

export type Verb = 'launch' | 'stop' | 'restart' | 'restart-container' | 'reconnect'

/** Why this verb makes no sense now; null when it does. */
export function whyNot(verb: Verb, gateway: Gateway): string | null {
  const { status, desired, phase } = gateway
  const isWanted = desired === 'running'
  const isLoggedIn = ['ready', 'degraded', 'reconnecting', 'upstream-lost'].includes(phase)
  switch (verb) {
    case 'launch':
      if (needsOtherCredentials(gateway))
        return 'No launch with credentials that IBKR rejected: it locks a user who tries them again. Once others are stored, it is launched by itself.'
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
      return isWanted && status !== 'FAILED' ? null : 'It has no container: a launch gives it one.'
    case 'reconnect':
      return isWanted && isLoggedIn ? null : 'There is no session to reopen.'
  }
}

/** What a person would press next; undefined where waiting is best, or where something else must be done first. */
export function fittingVerb(gateway: Pick<Gateway, 'followerId' | 'phase' | 'reason'>): Verb | undefined {
  switch (gateway.phase) {
    case 'locked':
    case 'backing-off':
      return remedyOf(gateway) === undefined ? 'launch' : undefined
    case 'stopped':
      return 'launch'
    // The manager or IBKR mends these; a new container would spend a login.
    case 'reconnecting':
    case 'upstream-lost':
    case 'stopping':
      return undefined
    default:
      return 'stop'
  }
}

/** A launch is refused until the credentials have changed, and then it comes by itself. */
export function needsOtherCredentials({ phase, reason }: Pick<Gateway, 'phase' | 'reason'>): boolean {
  return phase === 'locked' && reason?.code === 'CREDENTIALS_REJECTED'
}

/** The command that mends what a launch cannot; undefined where there is none. Follower ids need no escaping: the API admits none that would. */
export function remedyOf({
  followerId,
  phase,
  reason,
}: Pick<Gateway, 'followerId' | 'phase' | 'reason'>): string | undefined {
  if (phase !== 'locked' && phase !== 'backing-off') return undefined
  switch (reason?.code) {
    case 'CREDENTIALS_MISSING':
    case 'CREDENTIALS_INCOMPLETE':
    case 'CREDENTIALS_REJECTED':
      return `npx ibgm followers credentials ${followerId}`
    case 'WRONG_ACCOUNT':
      return `npx ibgm followers show ${followerId}`
    default:
      return undefined
  }
}

/** The stages of a launch in their order, in words. Pulling an image and a second factor are seldom needed. */
const stages: ReadonlyArray<readonly [GatewayPhase, string]> = [
  ['pulling', 'Image'],
  ['creating', 'Container'],
  ['booting', 'Boot'],
  ['logging-in', 'Login'],
  ['awaiting-2fa', '2FA'],
  ['connecting', 'API'],
]

export interface LaunchStage {
  readonly words: string
  readonly state: 'done' | 'now' | 'ahead'
}

/** How far a launch has come; null when none is under way. Stages that most launches skip are shown only while they last. */
export function launchStages({ phase }: Pick<Gateway, 'phase'>): readonly LaunchStage[] | null {
  const present = stages.findIndex(([stage]) => stage === phase)
  if (present < 0) return null
  return stages.flatMap(([stage, words], i) => {
    if ((stage === 'pulling' || stage === 'awaiting-2fa') && i !== present) return []
    return [{ words, state: i < present ? 'done' : i === present ? 'now' : 'ahead' } as const]
  })
}
