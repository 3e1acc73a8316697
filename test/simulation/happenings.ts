// What happens to a simulated fleet: drawn up as data from the seed before anything runs, so that any part of it can be tried again alone.
import { Chance } from '../drill/random.ts'

const minuteMs = 60_000
const hourMs = 3_600_000

/** How often a day, and how long it lasts at most. */
interface Rate {
  readonly aDay: number
  readonly fromMs?: number
  readonly toMs?: number
}

/** To one follower's gateway, or by the people around it; rates are for each follower. */
const toOne = {
  'container killed': { aDay: 0.5 },
  'container out of memory': { aDay: 0.15 },
  'container paused': { aDay: 0.3, fromMs: 5_000, toMs: 10 * minuteMs },
  'container removed by a stranger': { aDay: 0.1 },
  'container restarted by a stranger': { aDay: 0.15 },
  'api mute': { aDay: 0.4, fromMs: 10_000, toMs: hourMs },
  'api slow': { aDay: 0.3, fromMs: minuteMs, toMs: hourMs },
  'connections cut': { aDay: 0.6 },
  'ends unheard': { aDay: 0.3, fromMs: minuteMs, toMs: 2 * hourMs },
  'upstream lost': { aDay: 0.3, fromMs: minuteMs, toMs: 2 * hourMs },
  'gateway deaf': { aDay: 0.15 },
  'gateway hangs at its restart': { aDay: 0.1 },
  'phone lost': { aDay: 0.2, fromMs: 10 * minuteMs, toMs: 8 * hourMs },
  'phone slow': { aDay: 0.3, fromMs: 10 * minuteMs, toMs: 4 * hourMs },
  'logged in elsewhere': { aDay: 0.1, fromMs: 10 * minuteMs, toMs: 2 * hourMs },
  'secret wrong': { aDay: 0.08 },
  'secret right': { aDay: 0.1 },
  'password changed at IBKR': { aDay: 0.04 },
  'secret forbidden': { aDay: 0.06, fromMs: minuteMs, toMs: 2 * hourMs },
  'name taken by a stranger': { aDay: 0.06, fromMs: minuteMs, toMs: hourMs },
  'port taken by a stranger': { aDay: 0.12, fromMs: minuteMs, toMs: hourMs },
  launch: { aDay: 0.6 },
  stop: { aDay: 0.3 },
  'restart container': { aDay: 0.15 },
  'restart softly': { aDay: 0.2 },
  reconnect: { aDay: 0.2 },
  'change settings': { aDay: 0.15 },
  disable: { aDay: 0.12 },
  enable: { aDay: 0.3 },
  delete: { aDay: 0.06 },
  create: { aDay: 0.2 },
  'put credentials': { aDay: 0.1 },
  lease: { aDay: 0.4 },
} satisfies Record<string, Rate>

/** To all of them at once; rates are for the whole fleet. */
const toAll = {
  'engine down': { aDay: 1.5, fromMs: 3_000, toMs: 15 * minuteMs },
  'engine down and all containers ended': { aDay: 0.5, fromMs: 3_000, toMs: 5 * minuteMs },
  'engine slow': { aDay: 1.5, fromMs: minuteMs, toMs: hourMs },
  'engine loses answers': { aDay: 1.5, fromMs: minuteMs, toMs: hourMs },
  'hints lost, late and doubled': { aDay: 2, fromMs: minuteMs, toMs: 2 * hourMs },
  'image gone': { aDay: 0.3, fromMs: minuteMs, toMs: hourMs },
  'network unsafe': { aDay: 0.3, fromMs: minuteMs, toMs: hourMs },
  'store down': { aDay: 2, fromMs: 2_000, toMs: 30 * minuteMs },
  'store slow': { aDay: 1.5, fromMs: minuteMs, toMs: hourMs },
  'store loses answers': { aDay: 1.5, fromMs: minuteMs, toMs: hourMs },
  'vault down': { aDay: 1.5, fromMs: minuteMs, toMs: 2 * hourMs },
  'vault slow': { aDay: 1, fromMs: minuteMs, toMs: hourMs },
  'IBKR takes no logins': { aDay: 0.7, fromMs: 5 * minuteMs, toMs: 2 * hourMs },
  'IBKR does not answer logins': { aDay: 0.3, fromMs: minuteMs, toMs: 20 * minuteMs },
  'manager crash': { aDay: 3, fromMs: 500, toMs: 5 * minuteMs },
  'manager restart': { aDay: 2, fromMs: 500, toMs: 2 * minuteMs },
  'manager crash while it stops': { aDay: 1, fromMs: 500, toMs: 2 * minuteMs },
  'clock jump': { aDay: 1 },
} satisfies Record<string, Rate>

export type HappeningKind = keyof typeof toOne | keyof typeof toAll

export interface Happening {
  /** Milliseconds since the start. */
  readonly at: number
  readonly kind: HappeningKind
  /** Number of the follower; means nothing where all are hit. */
  readonly who: number
  /** 0 for what is over at once. */
  readonly forMs: number
  /** 0 ≤ dice < 1: whatever else there is to choose. */
  readonly dice: number
}

/** A storm, then a calm in which everything must come right; again and again. */
export interface Episode {
  readonly startMs: number
  readonly calmMs: number
  readonly endMs: number
}

export function episodesOf(hours: number, stormHours: number, calmHours: number): Episode[] {
  const count = Math.max(1, Math.round(hours / (stormHours + calmHours)))
  const lengthMs = (stormHours + calmHours) * hourMs
  return Array.from({ length: count }, (_, index) => ({
    startMs: index * lengthMs,
    calmMs: index * lengthMs + stormHours * hourMs,
    endMs: (index + 1) * lengthMs,
  }))
}

/** Some seeds bring some kinds of trouble only, and more or less of it: what hides behind a common fault is found when that one is absent. */
export function drawHappenings(
  seed: number,
  followers: number,
  episodes: readonly Episode[],
  intensity: number,
): Happening[] {
  const chance = new Chance(seed)
  const all: Happening[] = []
  const draw = (kind: HappeningKind, { aDay, fromMs = 0, toMs = 0 }: Rate, count: number) => {
    if (chance.next() < 0.2) return
    const factor = intensity * count * 4 ** (chance.next() - 0.5)
    for (const { startMs, calmMs } of episodes) {
      const lengthMs = calmMs - startMs
      for (let at = startMs; ; ) {
        at += Math.round((-Math.log(1 - chance.next()) * 86_400_000) / (aDay * factor))
        if (at >= startMs + lengthMs) break
        // Short ones are as likely as long ones.
        const lasts = fromMs === 0 ? 0 : Math.round(fromMs * (toMs / fromMs) ** chance.next())
        const forMs = Math.min(lasts, calmMs - at)
        all.push({ at, kind, who: chance.below(followers), forMs, dice: chance.next() })
      }
    }
  }
  for (const [kind, rate] of Object.entries(toOne)) draw(kind as HappeningKind, rate, followers)
  for (const [kind, rate] of Object.entries(toAll)) draw(kind as HappeningKind, rate, 1)
  return all.sort((a, b) => a.at - b.at)
}

/** One line for a person. */
export function describeHappening({ at, kind, who, forMs }: Happening): string {
  const lasts = forMs > 0 ? ` for ${(forMs / 1000).toFixed(0)} s` : ''
  return `${kind}${kind in toOne ? ` (follower ${who})` : ''}${lasts} at ${(at / 1000).toFixed(1)} s`
}
