// What a pacer let through and when, and IB's rules as a gateway would count them: written apart from the pacer's own.
import type { Claim, Pacer, Permit, Priority } from '../../../src/session/pacing/pacer.ts'
import type { FakeClock } from '../../fake-clock.ts'

export type Historical = Extract<Claim, { kind: 'historical' }>

export interface Sending {
  readonly claim: Claim
  readonly atMs: number
}

export const message: Claim = { kind: 'message', priority: 'background' }
export const request: Claim = { kind: 'request', priority: 'background' }

let made = 0

/** A request for bars that no other is identical to. */
export function history(changes: Partial<Historical> = {}): Historical {
  return {
    kind: 'historical',
    priority: 'background',
    weight: 1,
    series: `series ${++made}`,
    identity: `identity ${made}`,
    smallBars: false,
    ...changes,
  }
}

export function of<C extends Claim>(claim: C, priority: Priority): C {
  return { ...claim, priority }
}

/** Takes claims and notes when each was let through. */
export function recorder(pacer: Pacer, clock: FakeClock) {
  const sent: Sending[] = []
  return {
    sent,
    /** Resolves when it was let through. */
    async take(claim: Claim, signal?: AbortSignal): Promise<Permit> {
      const permit = await pacer.take(claim, signal)
      sent.push({ claim, atMs: clock.monotonicMs() })
      return permit
    },
    /** The moments of all that was let through, or of one kind. */
    times: (kind?: Claim['kind']) =>
      sent.filter(({ claim }) => !kind || claim.kind === kind).map(({ atMs }) => atMs),
  }
}

/** What a gateway would object to, if each message took `delayMs` to arrive. Empty when nothing. */
export function objections(
  sent: readonly Sending[],
  delayMs: () => number = () => 0,
  smallBarsOnly = false,
): string[] {
  const arrived = sent
    .map(({ claim, atMs }) => ({ claim, atMs: atMs + delayMs() }))
    .sort((a, b) => a.atMs - b.atMs)
  const histories = arrived.flatMap(({ claim, atMs }) =>
    claim.kind === 'historical' && (!smallBarsOnly || claim.smallBars) ? [{ ...claim, atMs }] : [],
  )
  const grouped = (key: 'series' | 'identity') => {
    const groups = new Map<string, typeof histories>()
    for (const each of histories) groups.set(each[key], [...(groups.get(each[key]) ?? []), each])
    return [...groups]
  }
  return [
    ...crowded(
      'messages',
      arrived.map(({ atMs }) => ({ atMs, weight: 1 })),
      50,
      1_000,
    ),
    ...crowded('historical requests', histories, 60, 600_000),
    ...grouped('series').flatMap(([name, group]) => crowded(name, group, 5, 2_000)),
    ...grouped('identity').flatMap(([name, group]) =>
      crowded(
        name,
        group.map(({ atMs }) => ({ atMs, weight: 1 })),
        1,
        15_000,
      ),
    ),
  ]
}

/** Where more than `limit` fall into less than `windowMs`. */
function crowded(
  what: string,
  counted: ReadonlyArray<{ readonly atMs: number; readonly weight: number }>,
  limit: number,
  windowMs: number,
): string[] {
  const found: string[] = []
  let first = 0
  let weight = 0
  for (const last of counted) {
    weight += last.weight
    for (
      let oldest = counted[first];
      oldest && last.atMs - oldest.atMs >= windowMs;
      oldest = counted[++first]
    )
      weight -= oldest.weight
    if (weight > limit) found.push(`${what}: ${weight} within ${windowMs} ms before ${last.atMs}`)
  }
  return found
}
