// IBKR's limits on historical requests for small bars, counted over all clients of a gateway.

interface Asked {
  atMs: number
  request: string
  series: string
  weight: number
}

const tenMinutesMs = 600_000

/** Violations for bars of 30 s and less. Source: IBKR, historical data limitations. */
export class HistoricalPacing {
  #asked: Asked[] = []

  /** Counts the request in; false when it breaks a rule, and then it is not counted. */
  admits(now: number, series: string, request: string, weight: number): boolean {
    this.#asked = this.#asked.filter(({ atMs }) => now - atMs < tenMinutesMs)
    const within = (ms: number) => this.#asked.filter(({ atMs }) => now - atMs < ms)
    const total = (list: Asked[]) => list.reduce((sum, item) => sum + item.weight, weight)
    if (within(15_000).some((item) => item.request === request)) return false
    if (total(within(2_000).filter((item) => item.series === series)) >= 6) return false
    if (total(this.#asked) > 60) return false
    this.#asked.push({ atMs: now, request, series, weight })
    return true
  }
}
