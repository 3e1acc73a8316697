// One attempt at one gateway with one IBApi object, which is thrown away with it. Whatever a server sends ends at worst this connection.
import type { Socket } from 'node:net'
import { EventName } from '@stoqey/ib'
import { type ErrorCode, FleetError, messageOf } from '../../ports/errors.ts'
import {
  type IbConnection,
  type IbConnectionListener,
  type IbContract,
  type IbNotice,
  type IbOrder,
  type IbOrderEvent,
  type IbRequestKind,
  type IbRequests,
  type IbStep,
  type IbStreamKind,
  type IbStreamListener,
  type IbStreams,
  type IbTarget,
  ibSteps,
} from '../../ports/ib.ts'
import { toVendor } from './contracts.ts'
import { closedBefore, socketFailure } from './endings.ts'
import { Flood, fullChunkBytes } from './flood.ts'
import { barsRequestOf, FrameReader, refuseImpossibleCount, withoutOrderReject } from './frames.ts'
import { listenForOrders, refuseUnsendable, toVendorOrder } from './orders.ts'
import type { NumberedKind } from './request-table.ts'
import { OpenRequests } from './requests.ts'
import { isSharedKind, SharedQuestions } from './shared-questions.ts'
import { plainText } from './texts.ts'
import { TimeQuestion } from './time-question.ts'
import { createVendor, type Vendor } from './vendor.ts'
import { accountsIn, orderIdIn } from './welcome.ts'

/** How long a gateway may take over the end of a connection before its socket is torn down. */
const closeGraceMs = 250
const maxText = 1000
const maxRejectText = 10_000
/** Faults that the library finds itself and reports without a request id: a server too old or new, and frames it cannot read. */
const libraryFaults = new Set([503, 505, 506])

export class IbApiConnection implements IbConnection {
  readonly #target: IbTarget
  readonly #listener: IbConnectionListener
  readonly #vendor: Vendor
  readonly #socket: Socket
  readonly #frames = new FrameReader()
  readonly #flood = new Flood()
  readonly #requests: OpenRequests
  readonly #questions: SharedQuestions
  readonly #time: TimeQuestion
  /** The steps not done yet; empty means open. */
  readonly #outstanding = new Set<IbStep>(ibSteps)
  #accounts: readonly string[] = []
  #nextOrderId = 0
  #over = false
  #orderRejectJson: string | undefined
  #closed: Promise<void> | undefined

  constructor(target: IbTarget, listener: IbConnectionListener) {
    this.#target = target
    this.#listener = listener
    this.#vendor = createVendor(target, (chunk) => this.#onData(chunk))
    const { api } = this.#vendor
    this.#requests = new OpenRequests(api, target.clientId)
    this.#questions = new SharedQuestions(api)
    this.#time = new TimeQuestion(api)
    listenForOrders(api, (event) => this.#onOrderEvent(event))
    api.on(EventName.managedAccounts, (csv) => this.#onAccounts(csv))
    api.on(EventName.nextValidId, (id) => this.#onNextOrderId(id))
    api.on(EventName.info, (text, code) => this.#onNotice(-1, code, text))
    api.on(EventName.error, (error, code, id) => {
      if (id !== -1) this.#onNotice(id, code, error.message)
      else if (libraryFaults.has(code)) this.#misbehaved(error.message)
    })
    this.#socket = this.#vendor.connect()
    this.#socket.setNoDelay(true)
    this.#socket.on('connect', () => this.#done('socket'))
    this.#socket.on('error', (error) => this.#onSocketError(error))
    this.#socket.on('end', () => this.#onEnd())
    this.#socket.on('close', () => this.#onEnd())
  }

  currentTime(): Promise<number> {
    if (!this.#isOpen()) return Promise.reject(this.#notOpen())
    return this.#time.ask()
  }

  async request<K extends IbRequestKind>(
    kind: K,
    params: IbRequests[K]['params'],
    signal?: AbortSignal,
  ): Promise<IbRequests[K]['answer']> {
    signal?.throwIfAborted()
    if (!this.#isOpen()) throw this.#notOpen()
    const answer = isSharedKind(kind)
      ? this.#questions.ask(kind, params as IbRequests[typeof kind]['params'], signal)
      : this.#requests.request(kind as NumberedKind, params as never, signal)
    return answer as Promise<IbRequests[K]['answer']>
  }

  stream<K extends IbStreamKind>(
    kind: K,
    params: IbStreams[K]['params'],
    listener: IbStreamListener<IbStreams[K]['item']>,
  ): () => void {
    if (!this.#isOpen()) throw this.#notOpen()
    const cancel = this.#requests.stream(kind, params, listener)
    return () => {
      if (!this.#over) cancel()
    }
  }

  placeOrder(orderId: number, contract: IbContract, order: IbOrder): void {
    this.#refuseToQueue()
    refuseUnsendable(orderId, contract, order)
    this.#vendor.api.placeOrder(orderId, toVendor(contract), toVendorOrder(order))
  }

  cancelOrder(orderId: number): void {
    this.#refuseToQueue()
    this.#vendor.api.cancelOrder(orderId)
  }

  mark(): void {
    if (this.#isWritable()) this.#vendor.api.reqIds()
  }

  close(): Promise<void> {
    this.#end(new FleetError('CONNECTION_CLOSED', `The connection to ${this.#name} was closed by us.`))
    this.#closed ??= new Promise((resolve) => {
      if (this.#socket.closed) return resolve()
      const timer = setTimeout(() => this.#socket.destroy(), closeGraceMs)
      this.#socket.once('close', () => {
        clearTimeout(timer)
        resolve()
      })
      // Unread bytes would make the kernel send RST, and a gateway keeps the client id of a reset client for up to a minute.
      if (this.#socket.connecting) this.#socket.destroy()
      else this.#socket.end()
    })
    return this.#closed
  }

  get #name(): string {
    return `${this.#target.host}:${this.#target.port} as client ${this.#target.clientId}`
  }

  #isOpen(): boolean {
    return !this.#over && this.#outstanding.size === 0
  }

  #isWritable(): boolean {
    return this.#isOpen() && this.#socket.writable
  }

  /** Behind bytes of ours that still wait here, an order would leave later than its sender thinks. */
  #refuseToQueue(): void {
    if (!this.#isWritable()) throw this.#notOpen()
    if (this.#socket.writableLength === 0) return
    const message = `The gateway at ${this.#name} takes no more bytes; the order was not sent.`
    throw new FleetError('CONNECTION_CLOSED', message)
  }

  #notOpen(): FleetError {
    return new FleetError('CONNECTION_CLOSED', `The connection to ${this.#name} is not open.`)
  }

  #onData(chunk: Buffer): void {
    if (this.#over) return
    try {
      this.#frames.push(chunk, (text) => {
        this.#flood.count(performance.now(), text.length)
        this.#onFrame(text)
        return !this.#over
      })
      if (chunk.length >= fullChunkBytes) this.#letOthersRun()
    } catch (error) {
      this.#misbehaved(messageOf(error), error)
    }
  }

  /** While more is waiting than one chunk takes, the socket would hand over dozens of chunks in one turn of the event loop. */
  #letOthersRun(): void {
    this.#socket.pause()
    setImmediate(() => this.#socket.resume())
  }

  #onFrame(text: string): void {
    if (this.#outstanding.has('handshake')) {
      if (!/^\d{1,6}\0/.test(text)) throw new Error('its first frame is no API handshake')
      this.#vendor.decode(text)
      if (!this.#over) this.#done('handshake')
      return
    }
    const answered = barsRequestOf(text, this.#vendor.api.serverVersion)
    if (answered !== undefined && !this.#requests.isOpen(answered)) return
    const { frame, orderRejectJson } = withoutOrderReject(text)
    refuseImpossibleCount(frame)
    this.#orderRejectJson = orderRejectJson
    this.#vendor.decode(frame)
    this.#orderRejectJson = undefined
  }

  #onAccounts(csv: string): void {
    const accounts = accountsIn(csv)
    if (accounts.length === 0) return
    this.#accounts = accounts
    this.#done('accounts')
  }

  #onNextOrderId(id: number): void {
    this.#nextOrderId = orderIdIn(id)
    this.#done('order-id')
  }

  #onNotice(id: number, code: number, text: string): void {
    const notice: IbNotice = {
      id,
      code,
      text: plainText(text, maxText),
      ...(this.#orderRejectJson && { orderRejectJson: this.#orderRejectJson.slice(0, maxRejectText) }),
    }
    this.#listener.onNotice(notice)
    this.#requests.onNotice(notice)
    this.#questions.onNotice(notice)
  }

  #onOrderEvent(event: IbOrderEvent): void {
    this.#questions.onOrderEvent(event)
    this.#listener.onOrderEvent?.(event)
  }

  #done(step: IbStep): void {
    if (this.#over || !this.#outstanding.delete(step)) return
    const [next] = this.#outstanding
    if (next) this.#listener.onStep(next)
    else
      this.#listener.onReady({
        serverVersion: this.#vendor.api.serverVersion,
        accounts: this.#accounts,
        nextOrderId: this.#nextOrderId,
      })
  }

  #onSocketError(error: NodeJS.ErrnoException): void {
    const { code, detail } = socketFailure(error, this.#outstanding.has('socket'))
    this.#fail(code, detail, error)
  }

  #onEnd(): void {
    const [step] = this.#outstanding
    this.#fail('CONNECTION_CLOSED', closedBefore(step))
  }

  #misbehaved(what: string, cause?: unknown): void {
    this.#fail(
      'CONNECTION_CLOSED',
      `dropped, the other side does not speak the TWS API as we do: ${what}`,
      cause,
    )
  }

  #fail(code: ErrorCode, detail: string, cause?: unknown): void {
    if (this.#over) return
    const message = `Connection to ${this.#name}: ${plainText(detail, maxText).replace(/\.+$/, '')}.`
    const error = new FleetError(code, message, cause === undefined ? {} : { cause })
    this.#end(error)
    this.#socket.destroy()
    this.#listener.onClosed(error)
  }

  #end(error: FleetError): void {
    if (this.#over) return
    this.#over = true
    this.#vendor.api.removeAllListeners()
    this.#time.fail(error)
    this.#requests.failAll(error)
    this.#questions.failAll(error)
  }
}
