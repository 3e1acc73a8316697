// What the account holds, as IB last told and what has happened since: positions, net liquidation, orders at work.
import type { Clock } from '../ports/clock.ts'
import { FleetError } from '../ports/errors.ts'
import type { IbAccountValue, IbContract, IbExecution, IbOpenOrder, IbPosition } from '../ports/ib.ts'
import type { Log } from '../ports/log.ts'
import { unlessAborted } from '../ports/unless-aborted.ts'
import type { IbSession } from '../session/session.ts'
import { type Exposure, exposureOf } from './exposure.ts'
import type { BotPosition } from './intents.ts'
import { newYorkDate } from './market-hours.ts'
import { isUnresolved, signedUnits } from './order-book.ts'
import { stateOf } from './order-events.ts'
import type { BotOrder, OrderJournal } from './order-journal.ts'

export interface AccountDeskDeps {
  readonly session: IbSession
  readonly clock: Clock
  readonly log: Log
  readonly journal: OrderJournal
}

/** What is known of the account, as of `at` (epoch milliseconds). */
export interface AccountState {
  readonly at: number
  readonly account: string
  readonly positions: readonly BotPosition[]
  /** Absent when IB did not say. */
  readonly netLiquidation?: number
  /** The first seen on today's date of New York. */
  readonly openingNetLiquidation?: number
}

interface Snapshot {
  readonly account: string
  readonly connectionId: number
  readonly askedAtMs: number
  readonly at: number
  readonly positions: readonly IbPosition[]
  /** Orders that are not of this bot. */
  readonly foreign: readonly IbOpenOrder[]
  readonly netLiquidation: number | undefined
  readonly opening: number | undefined
}

const answerTimeoutMs = 10_000
/** A fill may be missing from IB's positions for some time, and is in them later. */
const fillSettlesMs = 10_000
const maxSeen = 20_000
/** IB said Filled, and the fills themselves are still on their way. */
const fillsFollowMs = 60_000

export class AccountDesk {
  readonly #deps: AccountDeskDeps
  #snapshot: Snapshot | undefined
  #asking:
    | { readonly account: string; readonly connectionId: number; readonly done: Promise<Snapshot> }
    | undefined
  /** Fills since midnight are told again whenever somebody asks for them. */
  readonly #seen = new Set<string>()
  #fills: Array<{
    readonly seenAtMs: number
    readonly account: string
    readonly contract: IbContract
    readonly units: number
  }> = []

  constructor(deps: AccountDeskDeps) {
    this.#deps = deps
  }

  /** Asks IB; callers that overlap share the questions. Rejects as requests do, and when IB does not tell positions or orders. */
  async refresh(account: string, signal?: AbortSignal): Promise<AccountState> {
    await unlessAborted(this.#ask(account), signal)
    return this.state(account) as AccountState
  }

  /** The same, unless what is known of this connection is younger than `maxAgeMs`. */
  async ensure(account: string, maxAgeMs: number, signal?: AbortSignal): Promise<void> {
    const known = this.#current(account)
    if (known && this.#deps.clock.monotonicMs() - known.askedAtMs <= maxAgeMs) return
    await unlessAborted(this.#ask(account), signal)
  }

  /** As last asked over the present connection; undefined before. */
  state(account: string): AccountState | undefined {
    const snapshot = this.#current(account)
    if (!snapshot) return undefined
    const { at, netLiquidation, opening } = snapshot
    return {
      at,
      account,
      positions: snapshot.positions.map((held) => ({ ...held, own: this.#own(held) })),
      ...(netLiquidation !== undefined && { netLiquidation }),
      ...(opening !== undefined && { openingNetLiquidation: opening }),
    }
  }

  /** As last asked over the present connection; both undefined when not known. */
  money(account: string): {
    readonly netLiquidation: number | undefined
    readonly opening: number | undefined
  } {
    const { netLiquidation, opening } = this.#current(account) ?? {}
    return { netLiquidation, opening }
  }

  /** Of one contract, without the order `except`. ORDER_REFUSED when the positions of this connection are not known. */
  exposure(account: string, contract: IbContract, except?: string): Exposure {
    const snapshot = this.#current(account)
    if (!snapshot)
      throw new FleetError('ORDER_REFUSED', `The positions of ${account} are not known, so nothing is sent.`)
    const since = snapshot.askedAtMs - fillSettlesMs
    const fills = this.#fills.filter((fill) => fill.account === account && fill.seenAtMs >= since)
    const own = this.#deps.journal
      .active()
      .filter((order) => order.account === account && order.orderRef !== except)
      .map((order) => ({ ...order, units: this.#stillToTrade(order) }))
    const foreign = snapshot.foreign.map(({ contract, order }) => ({
      contract,
      action: order.action,
      units: order.totalQuantity,
    }))
    return exposureOf(contract, snapshot.positions, fills, [...own, ...foreign])
  }

  /** A fill became known, of whomever. */
  filled(fill: IbExecution): void {
    if (this.#seen.has(fill.execId)) return
    if (this.#seen.size >= maxSeen) this.#seen.clear()
    this.#seen.add(fill.execId)
    const { clock } = this.#deps
    const { account, contract } = fill
    const seenAtMs = clock.monotonicMs()
    const since = (this.#snapshot?.askedAtMs ?? seenAtMs) - fillSettlesMs
    this.#fills = this.#fills.filter((known) => known.seenAtMs >= since)
    this.#fills.push({ seenAtMs, account, contract, units: signedUnits(fill) })
  }

  #current(account: string): Snapshot | undefined {
    const { connectionId } = this.#deps.session.orders
    const known = this.#snapshot
    return known?.account === account && known.connectionId === connectionId ? known : undefined
  }

  #ask(account: string): Promise<Snapshot> {
    const { connectionId } = this.#deps.session.orders
    const asking = this.#asking
    if (asking?.account === account && asking.connectionId === connectionId) return asking.done
    const done = this.#fetch(account, connectionId)
    const mine = { account, connectionId, done }
    this.#asking = mine
    const over = () => {
      if (this.#asking === mine) this.#asking = undefined
    }
    done.then(over, over)
    return done
  }

  async #fetch(account: string, connectionId: number): Promise<Snapshot> {
    const { session, clock, journal, log } = this.#deps
    const askedAtMs = clock.monotonicMs()
    const options = { timeoutMs: answerTimeoutMs }
    const [positions, open, netLiquidation] = await Promise.all([
      session.request('positions', {}, options),
      session.request('openOrders', { all: true }, options),
      session.request('accountSummary', { tags: ['NetLiquidation'] }, options).then(
        (values) => netLiquidationOf(values, account),
        (err: unknown) => {
          log.warn({ err }, 'the net liquidation is not known; nothing will be opened')
          return undefined
        },
      ),
    ])
    const snapshot: Snapshot = {
      account,
      connectionId,
      askedAtMs,
      at: clock.now(),
      positions: positions.filter((held) => held.account === account && held.position !== 0),
      foreign: open.filter(
        ({ order, status }) =>
          order.account === account && !journal.order(order.orderRef) && stateOf(status) === 'working',
      ),
      netLiquidation,
      opening:
        netLiquidation === undefined
          ? undefined
          : journal.openingNetLiquidation(newYorkDate(clock.now()), account, netLiquidation),
    }
    if (session.orders.connectionId === connectionId) this.#snapshot = snapshot
    return snapshot
  }

  /** Of the same sign as the position, and no more. */
  #own({ account, contract, position }: IbPosition): number {
    const own = this.#deps.journal.ownPosition(account, contract)
    if (own * position <= 0) return 0
    return position > 0 ? Math.min(own, position) : Math.max(own, position)
  }

  #stillToTrade(order: BotOrder): number {
    const recent = this.#deps.clock.now() - order.changedAt < fillsFollowMs
    return isUnresolved(order) || recent ? Math.max(0, order.quantity - order.filled) : 0
  }
}

function netLiquidationOf(values: readonly IbAccountValue[], account: string): number | undefined {
  const found = values.find((value) => value.account === account && value.tag === 'NetLiquidation')
  const amount = found ? Number(found.value || Number.NaN) : Number.NaN
  return Number.isFinite(amount) ? amount : undefined
}
