// Naming some of the happenings that a seed brings, so that a small case fits into a command line: `3,17,42:5000`, by number and duration.
import type { Happening } from './happenings.ts'

/** How to ask for these of `all` again. */
export function chosenText(all: readonly Happening[], chosen: readonly Happening[]): string {
  return chosen
    .map((one) => {
      const index = all.findIndex(
        ({ at, kind, who }) => at === one.at && kind === one.kind && who === one.who,
      )
      return all[index]?.forMs === one.forMs ? `${index}` : `${index}:${one.forMs}`
    })
    .join(',')
}

/** RangeError for a number that names none. */
export function chosenOf(all: readonly Happening[], text: string): Happening[] {
  return text.split(',').map((part) => {
    const [index, forMs] = part.split(':').map(Number)
    const happening = all[index ?? -1]
    if (!happening) throw new RangeError(`--only: the seed brings no happening number ${part}`)
    return forMs === undefined ? happening : { ...happening, forMs }
  })
}
