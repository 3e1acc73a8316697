// What each phase looks like to a person: its mark, its tone and its words. Pure.
import type { Gateway, GatewayPhase } from '../../../schemas/gateway.ts'

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

/** A phase's look, also of a phase that a newer manager may know and this page does not. */
export function lookOf({ phase }: Pick<Gateway, 'phase'>): PhaseLook {
  return phaseLooks[phase] ?? { words: phase, tone: 'moving' }
}
