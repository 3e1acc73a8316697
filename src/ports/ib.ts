// One connection to an IB gateway's API: a single attempt, watched step by step, and the requests it carries once it is open.
import type { FleetError } from './errors.ts'

/** The steps of connecting, in this order; the server may answer the last two in either. */
export const ibSteps = ['socket', 'handshake', 'accounts', 'order-id'] as const
export type IbStep = (typeof ibSteps)[number]

export interface IbTarget {
  readonly host: string
  readonly port: number
  /** 0 … 2^31-1; two connections to one gateway never share one (IB answers 326). */
  readonly clientId: number
}

/** What the gateway said of itself while we connected. */
export interface IbWelcome {
  /** The protocol version that both sides settled on. */
  readonly serverVersion: number
  /** Account ids of the logged-in user, never empty. */
  readonly accounts: readonly string[]
  /** The first order id that this client id may use. */
  readonly nextOrderId: number
}

/** An error or a notice; IB sends both as one message, only the code tells them apart. */
export interface IbNotice {
  /** Of the request or order it is about; -1 when it is about the connection. */
  readonly id: number
  readonly code: number
  readonly text: string
  /** Why an order was refused, as the server wrote it: meant to be JSON, not checked. */
  readonly orderRejectJson?: string
}

/** An order as far as the product sends them: simple ones, transmitted at once. */
export interface IbOrder {
  readonly action: 'BUY' | 'SELL'
  /** In units of the contract, more than 0. */
  readonly totalQuantity: number
  readonly orderType: 'MKT' | 'LMT' | 'STP' | 'STP LMT'
  /** Of LMT and STP LMT. */
  readonly lmtPrice?: number
  /** The stop price of STP and STP LMT. */
  readonly auxPrice?: number
  readonly tif?: 'DAY' | 'GTC' | 'IOC'
  readonly account: string
  /** Ours, kept by IB with the order and its executions: how they are known again. */
  readonly orderRef: string
  readonly outsideRth?: boolean
}

/** What IB says of an order; repeated whenever something changes, and sometimes when nothing does. */
export interface IbOrderStatus {
  readonly orderId: number
  readonly clientId: number
  /** IB's own number, the same for every client; 0 until it has one. */
  readonly permId: number
  /** PendingSubmit, PreSubmitted, Submitted, Filled, Cancelled, ApiCancelled, PendingCancel, Inactive. */
  readonly status: string
  readonly filled: number
  readonly remaining: number
  readonly avgFillPrice: number
}

/** An order that IB has. */
export interface IbOpenOrder {
  readonly orderId: number
  readonly clientId: number
  readonly permId: number
  readonly contract: IbContract
  readonly order: Pick<IbOrder, 'action' | 'totalQuantity' | 'account' | 'orderRef'> & {
    readonly orderType: string
  }
  readonly status: string
}

/** One fill. */
export interface IbExecution {
  /** Unique; a correction has the same up to the last dot. */
  readonly execId: string
  readonly orderId: number
  readonly clientId: number
  readonly permId: number
  readonly orderRef: string
  readonly account: string
  readonly contract: IbContract
  readonly side: 'BOT' | 'SLD'
  readonly shares: number
  readonly price: number
}

export interface IbPosition {
  readonly account: string
  readonly contract: IbContract
  /** Negative when short. */
  readonly position: number
  readonly avgCost: number
}

export interface IbAccountValue {
  readonly account: string
  /** IB's tag, for example NetLiquidation. */
  readonly tag: string
  /** IB's text, a number for most tags. */
  readonly value: string
  readonly currency: string
}

/** What IB tells of orders without being asked. */
export type IbOrderEvent =
  | ({ readonly kind: 'status' } & IbOrderStatus)
  | ({ readonly kind: 'open-order' } & IbOpenOrder)
  | ({ readonly kind: 'execution' } & IbExecution)

/** Called never before `open` has returned, never after `close` was called or `onClosed` ran. */
export interface IbConnectionListener {
  /** The connection now waits for `step`; not called for `socket`, with which each begins. */
  onStep(step: IbStep): void
  /** All steps are done: requests may be sent. At most once. */
  onReady(welcome: IbWelcome): void
  onNotice(notice: IbNotice): void
  /** Orders of this client id, and for 0 those made by hand too; also while they are asked for. */
  onOrderEvent?(event: IbOrderEvent): void
  /** The connection ended by itself: CONNECTION_REFUSED (nothing listens) or CONNECTION_CLOSED (it was there, and says why it is gone). At most once. */
  onClosed(error: FleetError): void
}

/** What is traded, as far as needed to name it; IB fills in the rest. */
export interface IbContract {
  readonly conId?: number
  readonly symbol?: string
  /** STK, CASH, FUT, IND, OPT … */
  readonly secType?: string
  readonly exchange?: string
  readonly primaryExchange?: string
  readonly currency?: string
  readonly localSymbol?: string
  readonly tradingClass?: string
  /** YYYYMM or YYYYMMDD. */
  readonly lastTradeDateOrContractMonth?: string
  /** Expired contracts are found only when this is set. */
  readonly includeExpired?: boolean
}

/** A contract as the gateway knows it. */
export interface IbContractDetails extends IbContract {
  readonly longName?: string
  readonly timeZoneId?: string
  readonly tradingHours?: string
  readonly liquidHours?: string
  readonly minTick?: number
}

/** Prices and sizes by IB's tick type number (1 bid, 2 ask, 4 last, 9 close …). */
export type IbQuote = ReadonlyMap<number, number>

export interface IbTick {
  readonly type: number
  readonly value: number
}

/** One historical or real-time bar as IB sent it, unchecked. */
export interface IbBar {
  /** Start of the bar, epoch milliseconds; midnight UTC of the trading day for bars of a day and more. NaN when IB's text is no time. */
  readonly timeMs: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  /** -1 where IB has none. */
  readonly volume: number
}

/** A request for historical bars (reqHistoricalData), which IB answers whole or not at all. */
export interface IbHistory {
  readonly contract: IbContract
  /** End of the time asked for, epoch milliseconds, whole seconds; now when absent. */
  readonly endMs?: number
  /** IB's words: `1800 S`, `5 D`, `2 W`, `1 M`, `1 Y`. A day is a trading day. */
  readonly duration: string
  /** IB's words: `1 min`, `5 mins`, `1 hour`, `1 day`. */
  readonly barSize: string
  readonly whatToShow: string
  readonly useRth: boolean
}

/** IB's trading schedule (whatToShow SCHEDULE), as sent: times `yyyymmdd-HH:MM:SS` in `timeZone`, dates `yyyymmdd`. */
export interface IbSchedule {
  readonly timeZone: string
  readonly sessions: ReadonlyArray<{
    readonly start: string
    readonly end: string
    /** The trading day that it belongs to. */
    readonly date: string
  }>
}

/** Requests that are answered and over. */
export interface IbRequests {
  /** REQUEST_REJECTED with 162 when there are none, or the limits were exceeded. */
  historicalBars: { params: IbHistory; answer: readonly IbBar[] }
  schedule: { params: Omit<IbHistory, 'barSize' | 'whatToShow'>; answer: IbSchedule }
  /** The first moment with data, epoch milliseconds. */
  headTimestamp: { params: Pick<IbHistory, 'contract' | 'whatToShow' | 'useRth'>; answer: number }
  contractDetails: { params: IbContract; answer: readonly IbContractDetails[] }
  /** Orders that are open: of this client id, or with `all` of every one. */
  openOrders: { params: { readonly all: boolean }; answer: readonly IbOpenOrder[] }
  /** Fills since the last midnight of the gateway, of this client id, or with `all` of every one. */
  executions: { params: { readonly all: boolean }; answer: readonly IbExecution[] }
  /** Every position of every account. */
  positions: { params: Record<string, never>; answer: readonly IbPosition[] }
  /** Values of every account, by IB's tags. */
  accountSummary: { params: { readonly tags: readonly string[] }; answer: readonly IbAccountValue[] }
  /** One snapshot of the market data, complete within IB's 11 s. */
  quote: { params: IbContract; answer: IbQuote }
}
export type IbRequestKind = keyof IbRequests

/** Requests that go on until cancelled. */
export interface IbStreams {
  marketData: { params: IbContract; item: IbTick }
  /** Bars of five seconds. */
  realTimeBars: { params: Pick<IbHistory, 'contract' | 'whatToShow' | 'useRth'>; item: IbBar }
}
export type IbStreamKind = keyof IbStreams

export interface IbStreamListener<Item> {
  onItem(item: Item): void
  /** The stream ended by itself, REQUEST_REJECTED or CONNECTION_CLOSED; not called after `cancel`. At most once. */
  onEnd(error: FleetError): void
}

export interface IbConnection {
  /** The gateway's clock, in epoch seconds. Callers that overlap share one question. CONNECTION_CLOSED; no deadline of its own. */
  currentTime(): Promise<number>
  /**
   * Sends one request and gathers its answer. REQUEST_REJECTED with the IbNotice as cause, CONNECTION_CLOSED;
   * an aborted `signal` cancels it at the gateway where IB can and rejects with the signal's reason. No deadline of its own.
   */
  request<K extends IbRequestKind>(
    kind: K,
    params: IbRequests[K]['params'],
    signal?: AbortSignal,
  ): Promise<IbRequests[K]['answer']>
  /** Starts a stream; the returned function cancels it at the gateway, once. CONNECTION_CLOSED is thrown when the connection is not open. */
  stream<K extends IbStreamKind>(
    kind: K,
    params: IbStreams[K]['params'],
    listener: IbStreamListener<IbStreams[K]['item']>,
  ): () => void
  /**
   * Writes an order to the socket before it returns: nothing of it waits in a queue, and nothing can call it back. CONNECTION_CLOSED when the
   * connection is not open, and then nothing was written. What becomes of it comes by `onOrderEvent`, refusals by `onNotice` with its id.
   */
  placeOrder(orderId: number, contract: IbContract, order: IbOrder): void
  /** The same for a cancellation. */
  cancelOrder(orderId: number): void
  /** Writes a request that changes nothing and that nothing else of ours sends once connected (reqIds): a mark in the gateway's record. Nothing when the connection is not open. */
  mark(): void
  /** Ends the connection in whatever state it is; resolves when its socket is gone, in half a second at most. Idempotent. */
  close(): Promise<void>
}

export interface IbConnector {
  /** Begins one attempt to connect and returns at once; it has no deadline of its own. Never throws for what the network does. */
  open(target: IbTarget, listener: IbConnectionListener): IbConnection
}
