// A bulk action in portions that the API takes, and its outcome in words. Pure.
import type { BulkResult } from '../../../schemas/gateway.ts'

/** As many as one call takes. */
const mostPerCall = 1000

export function inPortions<T>(items: readonly T[], most = mostPerCall): T[][] {
  return Array.from({ length: Math.ceil(items.length / most) }, (_, i) =>
    items.slice(i * most, (i + 1) * most),
  )
}

/** `a, b, c and 4 more`. */
export function named(ids: readonly string[], most = 12): string {
  if (ids.length <= most) return ids.join(', ')
  return `${ids.slice(0, most).join(', ')} and ${ids.length - most} more`
}

/** `Launch: 9 accepted, 2 already so, 1 refused. alpha: …`. The first refusals come with what the manager says of them. */
export function bulkOutcome(
  label: string,
  results: BulkResult['results'],
): { text: string; refused: boolean } {
  const count = (wanted: number) => results.filter(({ status }) => status === wanted).length
  const refused = results.filter(({ status }) => status >= 300)
  const parts = [
    [count(202), 'accepted'],
    [count(200), 'already so'],
    [refused.length, 'refused'],
  ] as const
  const said = parts.filter(([many]) => many > 0).map(([many, word]) => `${many} ${word}`)
  const why = refused
    .slice(0, 3)
    .map(({ followerId, problem }) => ` ${followerId}: ${problem?.detail ?? 'no reason given.'}`)
  return { text: `${label}: ${said.join(', ')}.${why.join('')}`, refused: refused.length > 0 }
}
