// What the parts of the market data side see of the data connection: whether it is there, and how IB is asked over it.
import type { IbStatus } from '../../schemas/system.ts'
import type { FleetError } from '../ports/errors.ts'
import type { IbRequestKind, IbRequests, IbStreamKind, IbStreamListener, IbStreams } from '../ports/ib.ts'
import type { PacingStats } from '../session/pacing/pacer.ts'
import type { RequestOptions } from '../session/session.ts'

/** With what urgency a question is asked, and when asking ends. */
export type Asking = Pick<RequestOptions, 'priority' | 'signal' | 'timeoutMs'>

export interface DataRequester {
  /** One request, paced. DATA_CONNECTION_DOWN, REQUEST_REJECTED, CONNECTION_TIMEOUT, CONNECTION_CLOSED, PACING_QUEUE_FULL. */
  request<K extends IbRequestKind>(
    kind: K,
    params: IbRequests[K]['params'],
    asking: Asking,
  ): Promise<IbRequests[K]['answer']>
}

export interface DataLink extends DataRequester {
  readonly isConfigured: boolean
  /** Connected, and IBKR is there behind the gateway: what is asked now will be answered. */
  readonly isUsable: boolean
  /** Why nothing can be asked now, for people. */
  readonly trouble: string
  /** Times that IB announced lost subscriptions (1101) on the present connection. */
  readonly dataLost: number
  /** The error of whoever asks now: DATA_CONNECTION_DOWN, with when to ask again. */
  down(): FleetError
  /** Starts a stream, which ends with the connection; the function it resolves with cancels it. DATA_CONNECTION_DOWN. */
  stream<K extends IbStreamKind>(
    kind: K,
    params: IbStreams[K]['params'],
    listener: IbStreamListener<IbStreams[K]['item']>,
    signal?: AbortSignal,
  ): Promise<() => void>
  /** When the pacer lets what through; absent before the first connection. */
  pacing(): PacingStats | undefined
  /** Calls `listener` when the connection came, went, or lost or regained IBKR or our subscriptions; returns how to stop. */
  onChange(listener: () => void): () => void
}

/** The whole of it, for whoever starts and ends it. */
export interface OwnedDataLink extends DataLink {
  /** From memory. */
  status(): IbStatus['dataConnection']
  /** Begins to live, in the background. */
  start(): void
  /** Ends everything; resolves when no socket is left. */
  stop(): Promise<void>
}
