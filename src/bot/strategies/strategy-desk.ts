// Chooses the strategy: the one that today's gameplan names, or Strategy C whenever there is a reason for it.
import { defaultingToC, type GameplanReading } from '../gameplan.ts'
import type { OrderIntent } from '../intents.ts'
import { type HostedStrategy, loadStrategyModule, type ModuleOptions, StrategyFailed } from './module-host.ts'
import type { Moment } from './strategy.ts'
import { type CloseOut, leftToPerson, preserveCash } from './strategy-c.ts'

/** What is active and, when it is Strategy C, why. `event` is a constant text for the log. */
export interface StrategyChoice {
  readonly name: string
  readonly event: string
  /** A whole sentence for a person. */
  readonly why?: string
}

export interface StrategyDeskOptions extends ModuleOptions {
  /** Paths of strategy modules, from STRATEGY_MODULES. */
  readonly modules: readonly string[]
  /** The choice changed, also when a strategy failed. Must not throw. */
  readonly onChange: (choice: StrategyChoice) => void
}

interface Seat {
  readonly path: string
  hosted: HostedStrategy
  /** Date of the gameplan under which it failed; another day's loads it again. */
  failed?: { readonly date: string; readonly why: string }
}

/** The `event` of a choice that a failure has made. */
export const strategyFailedEvent = 'Strategy failed, replaced by Strategy C'

export class StrategyDesk {
  readonly #options: StrategyDeskOptions
  readonly #seats: ReadonlyMap<string, Seat>
  #reading: GameplanReading = { ok: false, kind: 'missing', why: 'The gameplan has not been read yet.' }
  #preserving: { readonly why: string; readonly closeOut: CloseOut } | undefined
  /** What the log has said last of positions that Strategy C cannot close. */
  #saidLeft = ''
  #choice: StrategyChoice
  #closed = false

  /** Loads every module. StrategyFailed when one does not load, two have one name, or one is called C; then nothing is left running. */
  static async open(options: StrategyDeskOptions): Promise<StrategyDesk> {
    const tries = await Promise.allSettled(options.modules.map((path) => loadStrategyModule(path, options)))
    const loaded = tries.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    const seats = new Map<string, Seat>()
    try {
      for (const [index, each] of tries.entries()) {
        if (each.status === 'rejected') throw each.reason
        const { name } = each.value
        const path = options.modules[index] ?? ''
        if (name === 'C') throw new StrategyFailed(`${path} calls its strategy C, which is the bot's own.`)
        const other = seats.get(name)
        if (other) throw new StrategyFailed(`${other.path} and ${path} both call their strategy ${name}.`)
        seats.set(name, { path, hosted: each.value })
      }
    } catch (error) {
      await Promise.all(loaded.map((hosted) => hosted.close()))
      throw error
    }
    return new StrategyDesk(options, seats)
  }

  private constructor(options: StrategyDeskOptions, seats: ReadonlyMap<string, Seat>) {
    this.#options = options
    this.#seats = seats
    this.#choice = this.#choose()
  }

  get choice(): StrategyChoice {
    return this.#choice
  }

  /** The names that a gameplan may use. */
  get names(): readonly string[] {
    return [...this.#seats.keys(), 'C']
  }

  /** Takes up a reading of the gameplan. A strategy that failed stays replaced by C until a gameplan of another day. */
  follow(reading: GameplanReading): void {
    this.#reading = reading
    const seat = reading.ok ? this.#seats.get(reading.gameplan.strategy) : undefined
    if (seat?.failed && reading.ok && seat.failed.date !== reading.gameplan.date)
      void this.#loadAgain(seat, reading.gameplan.date)
    this.#decideChoice()
  }

  /** Strategy C from now on, whatever the gameplan says, until `resume`. */
  preserveCash(why: string, closeOut: CloseOut): void {
    this.#preserving = { why, closeOut }
    this.#decideChoice()
  }

  /** What the gameplan says counts again; nothing happens when it did. */
  resume(): void {
    this.#preserving = undefined
    this.#decideChoice()
  }

  /**
   * Asks the active strategy. One that fails is replaced by C, which opens nothing; an answer that comes when another strategy has become active
   * is dropped. Rejects only with the reason of an aborted `signal`.
   */
  async decide(moment: Moment, signal: AbortSignal): Promise<readonly OrderIntent[]> {
    if (this.#preserving) return this.#closeOut(moment, this.#preserving.closeOut)
    const choice = this.#choice
    const seat = this.#seats.get(choice.name)
    if (!seat) return []
    const { hosted } = seat
    try {
      const intents = await hosted.decide(moment, signal)
      return this.#choice === choice && seat.hosted === hosted ? intents : []
    } catch (error) {
      if (!(error instanceof StrategyFailed)) throw error
      this.#markFailed(seat, error)
      return []
    }
  }

  /** Ends every module. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#seats.values()].map(({ hosted }) => hosted.close()))
  }

  #closeOut(moment: Moment, closeOut: CloseOut): readonly OrderIntent[] {
    const left = leftToPerson(moment, closeOut).map(
      ({ contract: { symbol, localSymbol, secType }, position }) => ({
        contract: `${localSymbol ?? symbol ?? ''} ${secType ?? ''}`,
        position,
      }),
    )
    const said = JSON.stringify(left)
    if (left.length > 0 && said !== this.#saidLeft)
      this.#options.log.warn(
        { left },
        'Strategy C cannot close these positions, which need more than a symbol',
      )
    this.#saidLeft = said
    return preserveCash(moment, closeOut)
  }

  #markFailed(seat: Seat, error: StrategyFailed): void {
    if (this.#closed) return
    const date = this.#reading.ok ? this.#reading.gameplan.date : ''
    seat.failed = { date, why: error.message }
    this.#decideChoice()
  }

  async #loadAgain(seat: Seat, date: string): Promise<void> {
    // Marked for the new day at once, so that it is not loaded twice.
    seat.failed = { date, why: `Strategy module ${seat.path} is being loaded again.` }
    try {
      seat.hosted = await loadStrategyModule(seat.path, this.#options)
      delete seat.failed
      if (this.#closed) await seat.hosted.close()
    } catch (error) {
      seat.failed = { date, why: (error as Error).message }
    }
    if (!this.#closed) this.#decideChoice()
  }

  #decideChoice(): void {
    const before = this.#choice
    const choice = this.#choose()
    if (choice.name === before.name && choice.event === before.event && choice.why === before.why) return
    this.#choice = choice
    this.#options.onChange(choice)
  }

  #choose(): StrategyChoice {
    if (this.#preserving)
      return { name: 'C', event: 'Strategy C active: cash preservation', why: this.#preserving.why }
    const reading = this.#reading
    if (!reading.ok) return { name: 'C', event: defaultingToC[reading.kind], why: reading.why }
    const { strategy } = reading.gameplan
    if (strategy === 'C') return { name: 'C', event: 'Strategy C active by gameplan' }
    const seat = this.#seats.get(strategy)
    if (!seat) {
      const why = `The gameplan names strategy ${strategy}, which no module provides; there is ${this.names.join(', ')}.`
      return { name: 'C', event: 'Unknown strategy in gameplan, defaulting to Strategy C', why }
    }
    if (seat.failed) return { name: 'C', event: strategyFailedEvent, why: seat.failed.why }
    return { name: strategy, event: 'Strategy active by gameplan' }
  }
}
