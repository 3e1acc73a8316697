// Figures of machines as a person reads them, and which of them are out of the ordinary. Pure.
import type { IbStatus, SystemStatus } from '../../../schemas/system.ts'
import type { Tone } from '../ui/phases.ts'

type Session = IbStatus['sessions'][number]
/** A state in words, with its look. */
export interface Words {
  readonly words: string
  readonly tone: Tone
}

type Bot = SystemStatus['bots'][number]

/** `812 MB`, `1.6 GB`, `24 GB`: powers of 1,024, as memory is sold. */
export function bytes(count: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  let value = Math.max(0, count)
  let unit = 0
  while (value >= 1023.5 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit >= 3 && value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}

/** Of a whole; 0 where the whole is not known. */
export const percent = (part: number, whole: number) => (whole > 0 ? Math.round((part / whole) * 100) : 0)

/** A delay that everything in the manager has: `3.2 ms`. */
export const milliseconds = (value: number) => `${value < 100 ? value.toFixed(1) : Math.round(value)} ms`

/** Sessions that a person might ask about: not ready, or with an error in the last ten minutes; the others are only counted. */
export function sessionsOfNote(sessions: readonly Session[], asOf: string): readonly Session[] {
  const recently = Date.parse(asOf) - 600_000
  return sessions.filter(
    ({ state, lastError }) => state !== 'ready' || (lastError && Date.parse(lastError.at) > recently),
  )
}

/** `997 ready, 3 reconnecting`, most first. */
export function sessionCounts(sessions: readonly Session[]): string {
  const counts = new Map<string, number>()
  for (const { state } of sessions) counts.set(state, (counts.get(state) ?? 0) + 1)
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([state, count]) => `${count.toLocaleString('en')} ${state}`)
    .join(', ')
}

/** What a bot said of itself when it was asked last. */
export function botHealth({ healthUrl, healthy, checkedAt }: Bot): Words {
  if (healthUrl === undefined) return { words: 'gave no address to ask', tone: 'off' }
  if (checkedAt === undefined || healthy === undefined) return { words: 'not asked yet', tone: 'off' }
  return healthy ? { words: 'healthy', tone: 'good' } : { words: 'not healthy', tone: 'trouble' }
}

/** The connection that market data comes over, in words. */
export function dataConnectionWords({ state, upstream }: IbStatus['dataConnection']): Words {
  if (state === 'disabled') return { words: 'not configured', tone: 'off' }
  if (state === 'connecting') return { words: 'connecting', tone: 'moving' }
  if (state === 'waiting') return { words: 'down', tone: 'trouble' }
  return upstream === 'lost'
    ? { words: 'up, but IBKR is lost behind it', tone: 'trouble' }
    : { words: 'up', tone: 'good' }
}
