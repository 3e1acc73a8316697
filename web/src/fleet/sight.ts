// Which rows of a long list are in sight. Pure.

/** Indices from `first` up to, not including, `last`. */
export interface Range {
  readonly first: number
  readonly last: number
}

/** Rows beyond each edge that exist already, so that scrolling and Tab find them. */
const beyond = 6

/** Where each item begins, and at the end where the last one ends; in px. */
export function offsetsOf<T>(items: readonly T[], heightOf: (item: T) => number): Float64Array {
  const offsets = new Float64Array(items.length + 1)
  let top = 0
  items.forEach((item, i) => {
    offsets[i] = top
    top += heightOf(item)
  })
  offsets[items.length] = top
  return offsets
}

/** The rows between `top` and `bottom`, and some beyond. */
export function rangeInSight(offsets: Float64Array, top: number, bottom: number): Range {
  const count = offsets.length - 1
  const first = Math.max(0, indexAt(offsets, top) - beyond)
  return { first, last: Math.min(count, indexAt(offsets, bottom) + 1 + beyond) }
}

/** The item that covers `y`; the first or last one outside of all. */
function indexAt(offsets: Float64Array, y: number): number {
  let low = 0
  let high = Math.max(0, offsets.length - 2)
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((offsets[middle] ?? 0) <= y) low = middle
    else high = middle - 1
  }
  return low
}
