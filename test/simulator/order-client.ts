// Orders as raw frames, for the simulator's tests.
import type { Test } from 'tap'
import type { SimulatedGatewayOptions } from '../../src/simulator/gateway.ts'
import type { Field } from '../../src/simulator/wire.ts'
import { FakeClock } from '../fake-clock.ts'
import { simulatorClock } from '../fast-clock.ts'
import { RawClient, type StartedGateway, startGateway, until } from './harness.ts'

/** Wednesday, 18 November 2026, 11:00 in New York. */
export const wednesday = Date.UTC(2026, 10, 18, 16)

/** The fields of placeOrder that the gateway reads, by their place at every version. */
export interface RawOrder {
  symbol?: string
  secType?: string
  exchange?: string
  currency?: string
  action?: string
  quantity?: Field
  type?: string
  limit?: Field
  stop?: Field
  tif?: string
  account?: string
  orderRef?: string
  transmit?: Field
  outsideRth?: Field
  whatIf?: Field
}

export function placeOrder(client: RawClient, orderId: Field, order: RawOrder = {}): void {
  const fields: Field[] = Array.from({ length: 114 }, () => '')
  const { symbol = 'AAPL', secType = 'STK', exchange = 'SMART', currency = 'USD' } = order
  const { action = 'BUY', quantity = 10, type = 'MKT', limit = '', stop = '', tif = 'DAY' } = order
  const { account = '', orderRef = '', transmit = 1, outsideRth = 0, whatIf = 0 } = order
  const put = (at: number, ...values: Field[]) => fields.splice(at, values.length, ...values)
  put(0, 3, orderId)
  put(3, symbol, secType)
  put(9, exchange, '', currency)
  put(16, action, quantity, type, limit, stop, tif, '', account)
  put(26, orderRef, transmit)
  put(33, outsideRth)
  put(84, whatIf)
  client.send(...fields)
}

/** What the client was told of an order: statuses, fills and notices, in the order in which they came. */
export function told(client: RawClient, orderId: number): string[] {
  return client.frames.slice(1).flatMap((frame) => {
    const [kind, id, second = '', third = ''] = frame
    if (kind === '3' && id === String(orderId)) return [second]
    if (kind === '5' && id === String(orderId)) return ['open']
    if (kind === '11' && second === String(orderId)) return ['execution']
    if (kind === '4' && id === String(orderId)) return [second]
    if (kind === '4' && id === '2' && second === String(orderId)) return [third]
    if (kind === '59' && orderOf(client, second) === String(orderId)) return ['commission']
    return []
  })
}

function orderOf(client: RawClient, execId: string): string | undefined {
  return client.frames.find((frame) => frame[0] === '11' && frame[14] === execId)?.[2]
}

/** Waits until the last thing that was told of the order is `word`. */
export async function untilTold(client: RawClient, orderId: number, word: string): Promise<string[]> {
  await until(() => told(client, orderId).at(-1) === word)
  return told(client, orderId)
}

export function messagesOf(client: RawClient, id: number): string[][] {
  return client.frames.slice(1).filter(([first]) => first === String(id))
}

/** A gateway on a clock that the test moves, logged in at `nowMs`. */
export async function startTrading(
  t: Test,
  options: Partial<SimulatedGatewayOptions> = {},
  nowMs = wednesday,
): Promise<{ gateway: StartedGateway; clock: FakeClock; client: RawClient }> {
  const loginMs = 10_000
  const clock = new FakeClock(nowMs - loginMs)
  const gateway = await startGateway(t, { clock: simulatorClock(clock), ...options })
  await clock.advance(loginMs)
  return { gateway, clock, client: await RawClient.ready(t, gateway.port) }
}
