// What each phase is called, and how much it needs a person. Pure.
import type { GatewayPhase } from '../../../schemas/gateway.ts'

/** `good`: trading can go on. `busy`: on its way. `waiting`: for a person or for IBKR. `bad`: it failed. `off`: nobody wants it. */
export type Tone = 'good' | 'busy' | 'waiting' | 'bad' | 'off'

export const phaseWords: Readonly<Record<GatewayPhase, { readonly words: string; readonly tone: Tone }>> = {
  stopped: { words: 'Stopped', tone: 'off' },
  pulling: { words: 'Pulling the image', tone: 'busy' },
  creating: { words: 'Creating the container', tone: 'busy' },
  booting: { words: 'Booting', tone: 'busy' },
  'logging-in': { words: 'Logging in', tone: 'busy' },
  'awaiting-2fa': { words: 'Awaiting 2FA', tone: 'waiting' },
  connecting: { words: 'Connecting', tone: 'busy' },
  ready: { words: 'Ready', tone: 'good' },
  degraded: { words: 'Degraded', tone: 'waiting' },
  reconnecting: { words: 'Reconnecting', tone: 'waiting' },
  'upstream-lost': { words: 'IBKR lost', tone: 'waiting' },
  restarting: { words: 'Restarting', tone: 'busy' },
  stopping: { words: 'Stopping', tone: 'off' },
  'backing-off': { words: 'Backing off', tone: 'bad' },
  locked: { words: 'Locked', tone: 'bad' },
}
