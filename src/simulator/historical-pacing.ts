// IBKR's limits on historical requests, counted over all clients of a gateway, however carefully these may count themselves.

/** `strict`: the limits for small bars hold for every historical request. `relaxed`: only for bars of 30 s and less. */
export type PacingMode = 'strict' | 'relaxed'

export type HistoricalRule =
  | 'identical request within 15 s'
  | 'six requests of one series within 2 s'
  | 'more than 60 requests in 10 min'
  | 'more than 50 open requests'

export interface HistoricalAsk {
  /** Who asks; open requests are told apart by it and `reqId`. */
  readonly client: object
  readonly reqId: number
  /** Contract, exchange and type of data. */
  readonly series: string
  /** All that is asked. */
  readonly identity: string
  /** BID_ASK counts twice. */
  readonly weight: number
  readonly smallBars: boolean
}

interface Asked {
  readonly atMs: number
  readonly series: string
  readonly identity: string
  readonly weight: number
}

const tenMinutesMs = 600_000
const maxOpen = 50

/**
 * Source: IBKR, historical data limitations. It says that those for bars of a minute and more "have been lifted" in favour of a
 * soft slowing-down, which nobody can count; hence the two modes. Whether first moments with data and schedules count, it
 * leaves open: both are answered by the historical service, so `strict` counts them.
 */
export class HistoricalPacing {
  readonly #mode: PacingMode
  #asked: Asked[] = []
  readonly #open = new Map<object, Set<number>>()

  constructor(mode: PacingMode) {
    this.#mode = mode
  }

  /** Counts the request in, open until `end`; the rule that it breaks, and then it is not counted. */
  begin(now: number, ask: HistoricalAsk): HistoricalRule | undefined {
    const { client, reqId, series, identity, weight } = ask
    const broken = this.#openRequests() >= maxOpen ? 'more than 50 open requests' : this.#tooFast(now, ask)
    if (broken) return broken
    if (this.#counts(ask)) this.#asked.push({ atMs: now, series, identity, weight })
    const open = this.#open.get(client) ?? new Set()
    this.#open.set(client, open.add(reqId))
    return undefined
  }

  /** The request was answered or cancelled; false when it was not open. */
  end(client: object, reqId: number): boolean {
    return this.#open.get(client)?.delete(reqId) ?? false
  }

  /** The client has gone, and its requests with it. */
  left(client: object): void {
    this.#open.delete(client)
  }

  #openRequests(): number {
    return [...this.#open.values()].reduce((sum, { size }) => sum + size, 0)
  }

  #counts({ smallBars }: HistoricalAsk): boolean {
    return this.#mode === 'strict' || smallBars
  }

  #tooFast(now: number, ask: HistoricalAsk): HistoricalRule | undefined {
    this.#asked = this.#asked.filter(({ atMs }) => now - atMs < tenMinutesMs)
    if (!this.#counts(ask)) return undefined
    const within = (ms: number) => this.#asked.filter(({ atMs }) => now - atMs < ms)
    const total = (list: Asked[]) => list.reduce((sum, { weight }) => sum + weight, ask.weight)
    if (within(15_000).some(({ identity }) => identity === ask.identity))
      return 'identical request within 15 s'
    if (total(within(2_000).filter(({ series }) => series === ask.series)) >= 6)
      return 'six requests of one series within 2 s'
    return total(this.#asked) > 60 ? 'more than 60 requests in 10 min' : undefined
  }
}
