// One API client's connection: handshake, START_API, then requests and answers, with the faults of the moment.
import type { Socket } from 'node:net'
import type { ApiSession, MessageSpec, World } from './api-session.ts'
import type { HandshakeFault } from './faults.ts'
import { messageTable } from './message-table.ts'
import { clientIdTaken, connectivity, farmsDown, farmsUp } from './notices.ts'
import { encodeFrame, escapeText, type Field, FrameDecoder, ProtocolViolation, splitFields } from './wire.ts'
import { connectionTime } from './zones.ts'

/** What an answer meets on its way out; shared by all connections of a gateway. */
export interface Line {
  silent: boolean
  delayMs: number
  handshake: HandshakeFault | undefined
}

export interface ConnectionDeps {
  socket: Socket
  world: World
  line: Line
  timeZone: string
  /** The highest version we speak. */
  serverVersion: number
  maxMessagesPerSecond: number
  /** How long a client may take to say who it is, on no clock but the machine's. */
  greetingSeconds: number
  /** Claims the client id; false sends 326 and closes. */
  claim(connection: ApiConnection): boolean
  record(connection: ApiConnection, id: number, spec: MessageSpec | undefined, fields: string[]): void
  /** Called once, after the socket is gone; `clean` when the client said goodbye. */
  left(connection: ApiConnection, clean: boolean): void
}

interface Subscription {
  kind: 'data' | 'account'
  cancel(): void
  tick(): void
}

const lowestVersion = 100
const maxSubscriptions = 2_000
/** Answers that a client does not read are kept for it up to here. */
const maxUnreadBytes = 64 * 1024 * 1024

export class ApiConnection implements ApiSession {
  readonly #deps: ConnectionDeps
  readonly #decoder = new FrameDecoder()
  readonly #subscriptions = new Map<string, Subscription>()
  #stage: 'greeting' | 'ignored' | 'start-api' | 'open' | 'closed' = 'greeting'
  readonly #delayed: Array<{ leave: () => void; dueMs: number }> = []
  readonly #cancelDeadline: () => void
  #pace = { secondMs: 0, messages: 0, strikes: 0 }
  version = 0
  clientId = -1
  marketDataType = 1

  constructor(deps: ConnectionDeps) {
    this.#deps = deps
    const { socket, line } = deps
    socket.setNoDelay(true)
    // A client that sends byte by byte never lets the socket rest, and holds one of the few places.
    const deadline = setTimeout(() => socket.destroy(), deps.greetingSeconds * 1000).unref()
    this.#cancelDeadline = () => clearTimeout(deadline)
    let clean = false
    socket.on('data', (chunk) => this.#receive(chunk))
    socket.on('end', () => {
      clean = true
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#stage = 'closed'
      this.#cancelDeadline()
      for (const { cancel } of this.#subscriptions.values()) cancel()
      this.#subscriptions.clear()
      deps.left(this, clean)
    })
    if (line.handshake === 'B') socket.end()
  }

  get world(): World {
    return this.#deps.world
  }

  get open(): boolean {
    return this.#stage === 'open'
  }

  readonly send = (...fields: Field[]): void => this.sendFields(fields)

  sendFields(fields: readonly Field[]): void {
    this.#write(encodeFrame(fields))
  }

  afterSent(task: () => void): void {
    this.#inOrder(task)
  }

  error(id: number, code: number, text: string): void {
    const shown = escapeText(text)
    if (this.version >= 194) this.send(4, id, code, shown, '', this.world.clock.now())
    else if (this.version >= 166) this.send(4, 2, id, code, shown, '')
    else this.send(4, 2, id, code, shown)
  }

  subscribe(key: string, everyMs: number, tick: () => void, kind: 'data' | 'account' = 'data'): boolean {
    if (this.#subscriptions.has(key) || this.#subscriptions.size >= maxSubscriptions) return false
    const again = () => {
      this.#subscriptions.set(key, { kind, tick, cancel: this.world.clock.schedule(run, everyMs) })
    }
    const run = () => {
      again()
      if (kind === 'account' || this.world.upstream) tick()
    }
    again()
    return true
  }

  unsubscribe(key: string): boolean {
    this.#subscriptions.get(key)?.cancel()
    return this.#subscriptions.delete(key)
  }

  refreshAccounts(): void {
    for (const { kind, tick } of [...this.#subscriptions.values()]) if (kind === 'account') tick()
  }

  /** After 1101: every data subscription has to be asked for again. */
  dropDataSubscriptions(): void {
    for (const [key, { kind }] of this.#subscriptions) if (kind === 'data') this.unsubscribe(key)
  }

  /** Tells the client how each data farm is. */
  sendFarmNotices(): void {
    for (const [code, text] of this.world.farms ? farmsUp : farmsDown) this.error(-1, code, text)
  }

  /** Stops reading, so that not even the client's FIN is seen. */
  freeze(): void {
    this.#cancelDeadline()
    this.#deps.socket.pause()
  }

  close(): void {
    this.#deps.socket.destroy()
  }

  #receive(chunk: Buffer): void {
    try {
      for (const payload of this.#decoder.push(chunk)) this.#accept(payload)
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error
      this.#deps.socket.destroy()
    }
  }

  #accept(payload: string): void {
    if (this.#stage === 'greeting') this.#greet(payload)
    else if (this.#stage === 'start-api') this.#startApi(splitFields(payload))
    else if (this.#stage === 'open') this.#request(splitFields(payload))
  }

  #greet(payload: string): void {
    const { line, serverVersion, socket, timeZone } = this.#deps
    const asked = /^v(\d+)(?:\.\.(\d+))?(?: (.*))?$/.exec(payload.replace(/\0$/, ''))
    const lowest = Number(asked?.[1])
    const highest = Number(asked?.[2] ?? asked?.[1])
    this.version = Math.min(highest, serverVersion)
    if (!asked || this.version < lowest || this.version < lowestVersion) {
      socket.destroy()
      return
    }
    this.#stage = 'ignored'
    if (line.handshake === 'A') return
    if (line.handshake === 'G') this.version = 225
    if (line.handshake === 'G2') this.version = 150
    this.#stage = 'start-api'
    const reply = encodeFrame([this.version, connectionTime(timeZone, this.world.clock.now())])
    if (line.handshake === 'H')
      this.#write(Buffer.concat([reply, encodeFrame(this.#accounts()), encodeFrame([9, 1, 1])]))
    else if (line.handshake === 'I') {
      this.#write(reply.subarray(0, 6))
      this.world.clock.schedule(() => this.#write(reply.subarray(6)), 50)
    } else this.#write(reply)
  }

  #startApi([id, , clientId]: string[]): void {
    const { line, socket } = this.#deps
    if (id !== '71') return
    if (line.handshake === 'C') return
    if (line.handshake === 'D') {
      this.world.clock.schedule(() => socket.end(), 500)
      return
    }
    this.clientId = Number(clientId)
    this.#stage = 'ignored'
    if (!this.#deps.claim(this)) {
      this.error(-1, 326, clientIdTaken)
      this.world.clock.schedule(() => socket.end(), this.#deps.line.delayMs)
      return
    }
    this.#stage = 'open'
    this.#cancelDeadline()
    if (line.handshake !== 'H') {
      if (line.handshake !== 'F2') this.send(...this.#accounts())
      if (line.handshake !== 'F1') this.send(9, 1, this.world.broker.nextOrderId(this.clientId))
    }
    if (!this.world.upstream) this.error(-1, 2110, connectivity[2110])
    this.sendFarmNotices()
  }

  #accounts(): Field[] {
    return [15, 1, this.#deps.line.handshake === 'F3' ? '' : this.world.accounts.join(',')]
  }

  #request(fields: string[]): void {
    const id = Number(fields[0])
    const spec = messageTable[id]
    this.#deps.record(this, id, spec, fields)
    if (!this.#keepsPace(fields, spec)) return
    if (!spec) {
      const text = `Error validating request.-'bX' : cause - Message ${fields[0]} is not supported by the simulated gateway`
      this.error(-1, 321, text)
    } else if (!spec.upstream || this.world.upstream) spec.handle(this, fields)
  }

  /** Error 100 above the limit, and the door at the third strike. */
  #keepsPace(fields: readonly string[], spec: MessageSpec | undefined): boolean {
    const { maxMessagesPerSecond, socket, world } = this.#deps
    const pace = this.#pace
    const now = this.world.clock.now()
    if (now - pace.secondMs >= 1000) {
      pace.secondMs = now
      pace.messages = 0
    }
    pace.messages += 1
    if (pace.messages <= maxMessagesPerSecond) return true
    if (pace.messages === maxMessagesPerSecond + 1) pace.strikes += 1
    const request = [spec?.name ?? 'unknown', ...fields]
    world.violations.report(now, 'too many messages in 1 s', this.clientId, request)
    const counts = `max=${maxMessagesPerSecond} rec=${pace.messages} (${pace.strikes})`
    this.error(-1, 100, `Max rate of messages per second has been exceeded:${counts}`)
    if (pace.strikes >= 3) socket.end()
    return false
  }

  /** In order, always: an answer that is due at once still waits for the delayed ones before it. */
  #write(bytes: Buffer): void {
    const { socket } = this.#deps
    this.#inOrder(() => {
      if (socket.writableLength > maxUnreadBytes) socket.destroy()
      else if (socket.writable) socket.write(bytes)
    })
  }

  #inOrder(leave: () => void): void {
    const { line } = this.#deps
    if (line.silent) return
    if (line.delayMs === 0 && this.#delayed.length === 0) {
      leave()
      return
    }
    this.#delayed.push({ leave, dueMs: this.world.clock.now() + line.delayMs })
    if (this.#delayed.length === 1) this.#scheduleNext()
  }

  #scheduleNext(): void {
    const [next] = this.#delayed
    if (!next) return
    const waitMs = Math.max(0, next.dueMs - this.world.clock.now())
    this.world.clock.schedule(() => {
      if (!this.#deps.line.silent) next.leave()
      this.#delayed.shift()
      this.#scheduleNext()
    }, waitMs)
  }
}
