// The bot's memory of its orders: JSON lines in BOT_STATE_DIR, on disk before an order is sent, read again after a restart.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Clock } from '../ports/clock.ts'
import { FleetError } from '../ports/errors.ts'
import type { IbContract, IbExecution } from '../ports/ib.ts'
import type { Log } from '../ports/log.ts'
import { JournalLines } from './journal-lines.ts'
import { type LineFile, openLineFile } from './line-file.ts'
import { type BotOrder, type NewOrder, OrderBook, type OrderEntry, type OrderState } from './order-book.ts'

export type { BotOrder, BotOrderState } from './order-book.ts'

export interface OrderJournalOptions {
  /** BOT_STATE_DIR; made when absent. */
  readonly dir: string
  readonly clock: Clock
  readonly log: Log
  /** In place of the file in `dir`. */
  readonly file?: LineFile
}

/** The first total of an account on a day of New York. */
interface DayEntry {
  readonly kind: 'day'
  readonly date: string
  readonly account: string
  readonly netLiquidation: number
}

/** Who writes here, and how far its numbers have got. */
interface OwnerEntry {
  readonly kind: 'owner'
  readonly instance: string
  readonly counter: number
  readonly lastOrderId: number
}

type Entry = OrderEntry | DayEntry | OwnerEntry

const fileName = 'orders.jsonl'
/** Executions are asked for since midnight, but a gateway may be set to give those of a week. */
const rememberedMs = 8 * 86_400_000
const compactBytes = 1_000_000

export class OrderJournal {
  readonly #lines: JournalLines
  readonly #clock: Clock
  readonly #log: Log
  readonly #book = new OrderBook()
  readonly #days = new Map<string, DayEntry>()
  #instance = randomBytes(4).toString('hex')
  #counter = 0
  #lastOrderId = 0
  #compactAtBytes = compactBytes

  private constructor(file: LineFile, { clock, log }: OrderJournalOptions) {
    this.#lines = new JournalLines(file, () => this.#compactIfLong())
    this.#clock = clock
    this.#log = log
  }

  /** Reads what is there; a torn last line is cut off. STORE_UNAVAILABLE when the folder cannot be read or written. */
  static async open(options: OrderJournalOptions): Promise<OrderJournal> {
    const path = join(options.dir, fileName)
    try {
      const file = options.file ?? (await openLineFile(path))
      const journal = new OrderJournal(file, options)
      journal.#read(file.lines)
      await journal.#compact()
      return journal
    } catch (cause) {
      throw new FleetError(
        'STORE_UNAVAILABLE',
        `The bot keeps its orders in ${path}, which cannot be used. Give it a BOT_STATE_DIR that it may write to.`,
        { cause },
      )
    }
  }

  /** What every orderRef of this bot begins with. */
  get refPrefix(): string {
    return `ibgm-bot:${this.#instance}:`
  }

  /** Oldest first; those over for more than a week are forgotten. */
  orders(): readonly BotOrder[] {
    return this.#book.orders()
  }

  /** Those that may still trade, and those filled whose fills are not all known yet; oldest first. */
  active(): readonly BotOrder[] {
    return this.#book.active()
  }

  order(orderRef: string): BotOrder | undefined {
    return this.#book.order(orderRef)
  }

  /** By IB's number where it has one, else by ours for a client. */
  orderOf(permId: number, orderId: number, clientId: number): BotOrder | undefined {
    return this.#book.orderOf(permId, orderId, clientId)
  }

  /** Fills of this bot's orders. */
  executions(): readonly IbExecution[] {
    return this.#book.executions()
  }

  /** Net units that this bot's own fills have made of a contract in an account; negative when short. */
  ownPosition(account: string, contract: IbContract): number {
    return this.#book.ownPosition(account, contract)
  }

  /** An orderRef that was never used before, and for an order that is to be sent an id of which the same holds, `firstOrderId` at least. */
  number(firstOrderId: number, dryRun: boolean): { orderRef: string; orderId: number } {
    const orderRef = `${this.refPrefix}${++this.#counter}`
    if (dryRun) return { orderRef, orderId: 0 }
    this.#lastOrderId = Math.max(firstOrderId, this.#lastOrderId + 1)
    return { orderRef, orderId: this.#lastOrderId }
  }

  /** An order is about to be sent; it counts at once. Resolves when that is on disk; ORDER_REFUSED when the disk does not take it. */
  async intend(order: NewOrder, dryRun: boolean): Promise<void> {
    const entry: OrderEntry = { kind: 'intent', dryRun, ...order }
    this.#book.apply(entry)
    try {
      await this.#lines.save(JSON.stringify(entry), 'now or never')
    } catch (cause) {
      const said = 'it could not be written down first'
      this.#book.apply({ kind: 'unsent', orderRef: order.orderRef, at: this.#clock.now(), said })
      throw new FleetError(
        'ORDER_REFUSED',
        `The order for ${order.contract.symbol} was not sent, because BOT_STATE_DIR does not take it. Look at its disk.`,
        { cause },
      )
    }
  }

  /** The order is being written to the gateway in this turn: in doubt from now on. */
  written(orderRef: string): void {
    this.#book.written(orderRef, this.#clock.now())
  }

  /** The order was certainly not written to the gateway. */
  unsent(orderRef: string, said: string): void {
    this.#note({ kind: 'unsent', orderRef, at: this.#clock.now(), said })
  }

  /** What is known of an order; `said` is IB's word or ours. */
  state(orderRef: string, state: OrderState, permId: number, said: string): void {
    this.#note({ kind: 'state', orderRef, at: this.#clock.now(), state, permId, said })
  }

  /** False when it was known already, or is not of an order known here. */
  execution(execution: IbExecution): boolean {
    return this.#note({ ...execution, kind: 'execution', at: this.#clock.now() })
  }

  /** The account's first total on a date of New York: this one, if there was none yet. */
  openingNetLiquidation(date: string, account: string, netLiquidation: number): number {
    const known = this.#days.get(account)
    if (known?.date === date) return known.netLiquidation
    const entry: DayEntry = { kind: 'day', date, account, netLiquidation }
    this.#days.set(account, entry)
    this.#saveLater(entry)
    return netLiquidation
  }

  /** Resolves when all that became known is on disk, or has failed to get there. */
  flush(): Promise<void> {
    return this.#lines.flush()
  }

  close(): Promise<void> {
    return this.#lines.close()
  }

  #note(entry: OrderEntry): boolean {
    const changed = this.#book.apply(entry)
    if (changed) this.#saveLater(entry)
    return changed
  }

  /** What is not needed to send an order: it is with the gateway too, and asked for again. */
  #saveLater(entry: Entry): void {
    this.#lines
      .save(JSON.stringify(entry), 'sooner or later')
      .catch((err: unknown) =>
        this.#log.error({ err }, 'the order journal could not be written; it is kept in memory'),
      )
  }

  async #compactIfLong(): Promise<void> {
    if (this.#lines.size < this.#compactAtBytes) return
    await this.#compact().catch((err: unknown) => {
      this.#log.warn({ err }, 'the order journal could not be made shorter')
      this.#compactAtBytes = this.#lines.size + compactBytes
    })
  }

  async #compact(): Promise<void> {
    this.#book.forget(this.#clock.now() - rememberedMs)
    const owner: OwnerEntry = {
      kind: 'owner',
      instance: this.#instance,
      counter: this.#counter,
      lastOrderId: this.#lastOrderId,
    }
    const entries: Entry[] = [owner, ...this.#days.values(), ...this.#book.entries()]
    await this.#lines.replace(entries.map((entry) => JSON.stringify(entry)))
    this.#compactAtBytes = Math.max(compactBytes, 2 * this.#lines.size)
  }

  #read(lines: readonly string[]): void {
    let damaged = 0
    for (const line of lines) {
      try {
        this.#readEntry(JSON.parse(line) as Entry)
      } catch {
        damaged++
      }
    }
    if (damaged > 0) this.#log.error({ damaged }, 'the order journal has lines that cannot be read')
    // Nobody knows how far these got.
    for (const { orderRef, createdAt } of this.#book.orders()) this.#book.written(orderRef, createdAt)
  }

  #readEntry(entry: Entry): void {
    if (entry.kind === 'day') this.#days.set(entry.account, entry)
    else if (entry.kind === 'owner') {
      this.#instance = entry.instance
      this.#counter = Math.max(this.#counter, entry.counter)
      this.#lastOrderId = Math.max(this.#lastOrderId, entry.lastOrderId)
    } else this.#book.apply(entry)
    if (entry.kind !== 'intent') return
    this.#counter = Math.max(this.#counter, Number(entry.orderRef.split(':').at(-1)) || 0)
    this.#lastOrderId = Math.max(this.#lastOrderId, entry.orderId)
  }
}
