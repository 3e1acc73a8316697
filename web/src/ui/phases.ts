// What each phase looks like to a person: its mark, its tone and its words. Pure.
import type { Gateway, GatewayPhase } from '../../../schemas/gateway.ts'
import { isForPerson, type Stay } from '../../../src/cli/attention.ts'

/** `person`: waits for somebody. `trouble`: down, and mends itself. `moving`: on its way. `warn`: up, but look. */
export type Tone = 'person' | 'trouble' | 'moving' | 'warn' | 'good' | 'off'

interface PhaseLook {
  readonly words: string
  readonly tone: Tone
}

export const phaseLooks: Readonly<Record<GatewayPhase, PhaseLook>> = {
  stopped: { words: 'Stopped', tone: 'off' },
  pulling: { words: 'Pulling image', tone: 'moving' },
  creating: { words: 'Creating', tone: 'moving' },
  booting: { words: 'Booting', tone: 'moving' },
  'logging-in': { words: 'Logging in', tone: 'moving' },
  'awaiting-2fa': { words: 'Awaiting 2FA', tone: 'person' },
  connecting: { words: 'Connecting', tone: 'moving' },
  ready: { words: 'Running', tone: 'good' },
  degraded: { words: 'Degraded', tone: 'warn' },
  reconnecting: { words: 'Reconnecting', tone: 'trouble' },
  'upstream-lost': { words: 'IBKR lost', tone: 'trouble' },
  restarting: { words: 'Restarting', tone: 'moving' },
  stopping: { words: 'Stopping', tone: 'moving' },
  'backing-off': { words: 'Waiting to retry', tone: 'trouble' },
  locked: { words: 'Locked', tone: 'person' },
}

/** How a gateway looks at `now` (epoch ms). */
export function lookOf({ phase, reason, since }: Pick<Gateway, 'phase' | 'reason' | 'since'>, now: number) {
  return lookOfStay({ phase, reason: reason?.code, lastedMs: now - Date.parse(since) })
}

/** The look of a phase with its reason and length, also of a phase that a newer manager may know and this page does not. */
export function lookOfStay(stay: Stay): PhaseLook {
  const { phase, reason } = stay
  const look = phaseLooks[phase] ?? { words: phase, tone: 'moving' }
  if (look.tone === 'person' || !isForPerson(stay)) return look
  if (phase !== 'backing-off') return { ...look, tone: 'person' }
  const lacks = reason === 'CREDENTIALS_MISSING' || reason === 'CREDENTIALS_INCOMPLETE'
  return { words: lacks ? 'Waiting for credentials' : 'Waiting for a person', tone: 'person' }
}
