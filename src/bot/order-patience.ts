// How long not to repeat an order that IB keeps ending unfilled: a refusal a few seconds later is the same refusal. Pure.
import { contractKey } from './exposure.ts'
import type { OrderIntent } from './intents.ts'
import type { BotOrder } from './order-book.ts'

/** Failures that count. */
const windowMs = 60 * 60_000
/** After the first, the second … failure in a row. */
const delaysMs = [10_000, 30_000, 60_000, 300_000]
/** From so many on a person should hear of it. */
const tellAt = 3

export interface Patience {
  /** Orders for the same contract and effect that ended in a row without a fill. */
  readonly failures: number
  /** What IB said of the last. */
  readonly said: string
  /** Epoch milliseconds; before then the intent is not tried again. */
  readonly notBefore: number
  readonly tell: boolean
}

/** undefined when nothing speaks against trying. */
export function patienceFor(
  intent: Pick<OrderIntent, 'symbol' | 'secType' | 'exchange' | 'currency' | 'effect'>,
  orders: readonly BotOrder[],
  nowMs: number,
): Patience | undefined {
  const { symbol, secType = 'STK', exchange = 'SMART', currency = 'USD', effect } = intent
  const key = contractKey({ symbol, secType, exchange, currency })
  const same = orders.filter((order) => order.effect === effect && contractKey(order.contract) === key)
  const lastGood = same.findLastIndex(({ state, filled }) => state !== 'ended' || filled > 0)
  const failed = same.slice(lastGood + 1).filter(({ changedAt }) => nowMs - changedAt < windowMs)
  const last = failed.at(-1)
  if (!last) return undefined
  const delayMs = delaysMs[Math.min(failed.length, delaysMs.length) - 1] ?? 0
  const notBefore = last.changedAt + delayMs
  if (nowMs >= notBefore) return undefined
  return {
    failures: failed.length,
    said: last.said ?? 'nothing',
    notBefore,
    tell: failed.length === tellAt,
  }
}
