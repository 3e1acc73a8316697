// One measurement against its limit, and how a list of them is printed.

export interface BenchRow {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** The most that `value` may be. */
  readonly limit: number
  readonly pass: boolean
}

/** A row that passes when `value` is at most `limit`. */
export function atMost(name: string, value: number, unit: string, limit: number): BenchRow {
  return { name, value, unit, limit, pass: value <= limit }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]]
  if (low === undefined || high === undefined) throw new Error('the median of nothing')
  return (low + high) / 2
}

/** The rows as an aligned table, one line each. */
export function table(rows: readonly BenchRow[]): string {
  const cells = rows.map(({ name, value, unit, limit, pass }) => [
    pass ? 'ok  ' : 'FAIL',
    name,
    `${Number(value.toPrecision(3))} ${unit}`,
    `≤ ${limit} ${unit}`,
  ])
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
