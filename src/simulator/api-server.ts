// The published port: accepts and closes while no gateway is behind it, else serves API clients and keeps their ids apart.
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { ApiConnection, type Line } from './api-connection.ts'
import type { MessageSpec, World } from './api-session.ts'
import { connectivity } from './notices.ts'
import { orderRefAt } from './order-terms.ts'

/** One request as a client sent it. */
export interface RequestRecord {
  /** Counts the messages of all connections, in the order in which they came. */
  sequence: number
  /** Counts the connections of the gateway. */
  connection: number
  id: number
  /** The client library's name for the message, where we know it. */
  name: string
  /** The order id in messages about orders. */
  reqId: number | undefined
  /** Of placeOrder. */
  orderRef?: string
  clientId: number
  /** Milliseconds since the epoch. */
  time: number
  fields: readonly string[]
}

export interface ApiServerDeps {
  world: World
  timeZone: string
  serverVersion: number
  maxMessagesPerSecond: number
  /** How long a client may take to say who it is. */
  greetingSeconds: number
  /** How long the id of a client that vanished without goodbye stays taken. */
  ghostSlotSeconds: number
  /** Added to every answer, faults apart. */
  delayMs: number
  /** A client knocked while no gateway was behind the port. */
  refused(): void
}

const maxClients = 32
const maxRecords = 10_000
/** Of one message; none that a library sends is longer. */
const maxRecordedFields = 400
const maxRecordedText = 1_000
/** placeOrder, cancelOrder, reqIds, reqGlobalCancel: never forgotten, as what was ordered is what matters most. */
const keptMessages = new Set([3, 4, 8, 58])

export class ApiServer {
  readonly requests: RequestRecord[] = []
  readonly #deps: ApiServerDeps
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #connections = new Set<ApiConnection>()
  readonly #slots = new Map<number, ApiConnection | 'ghost'>()
  readonly #line: Line
  readonly #numbers = new WeakMap<ApiConnection, number>()
  #messages = 0
  #accepted = 0
  #serving = false
  #frozen = false
  #rejecting = false

  constructor(deps: ApiServerDeps) {
    this.#deps = deps
    this.#line = { silent: false, delayMs: deps.delayMs, handshake: undefined }
    this.#server = createServer((socket) => this.#accept(socket))
  }

  /** Resolves with the port; rejects with the socket's own error, EADDRINUSE included. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject)
        resolve((this.#server.address() as AddressInfo).port)
      })
    })
  }

  /** The gateway behind the port is up. */
  serve(): void {
    this.#serving = true
  }

  /** The gateway behind the port is gone, with every client and every fault: a restart cures a wedge. */
  shut(): void {
    this.#serving = false
    this.#heal()
    this.drop()
    Object.assign(this.#deps.world, { upstream: true, farms: true })
    this.#deps.world.desk.heal()
  }

  /** Closes every client's socket; the port stays. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#slots.clear()
  }

  /** Frees the port; resolves when nothing listens or is connected any more. */
  close(): Promise<void> {
    this.shut()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }

  /** Clients that have said who they are. */
  sessions(): ApiConnection[] {
    return [...this.#connections].filter(({ open }) => open)
  }

  mute(): void {
    this.#line.silent = true
  }

  /** Nothing is read or written any more and nobody is told: the peer's host has gone. */
  freeze(): void {
    this.#line.silent = true
    this.#frozen = true
    for (const connection of this.#connections) connection.freeze()
  }

  slow(delayMs: number): void {
    this.#line.delayMs = delayMs
  }

  breakHandshake(mode: Line['handshake']): void {
    this.#line.handshake = mode
  }

  rejectClients(): void {
    this.#rejecting = true
  }

  loseUpstream(code: 1100 | 2110): void {
    this.#deps.world.upstream = false
    this.#broadcast(code)
  }

  restoreUpstream(code: 1101 | 1102): void {
    this.#deps.world.upstream = true
    if (code === 1101) for (const connection of this.#connections) connection.dropDataSubscriptions()
    this.#broadcast(code)
    this.#deps.world.desk.catchUp()
  }

  setFarms(up: boolean): void {
    this.#deps.world.farms = up
    for (const connection of this.#connections) if (connection.open) connection.sendFarmNotices()
  }

  /** Ends every fault; frozen sockets cannot be revived and are closed. */
  clear(): void {
    const { world } = this.#deps
    if (this.#frozen) this.drop()
    this.#heal()
    if (!world.upstream) this.restoreUpstream(1102)
    if (!world.farms) this.setFarms(true)
    world.desk.clear()
  }

  #heal(): void {
    const { delayMs } = this.#deps
    Object.assign(this.#line, { silent: false, delayMs, handshake: undefined } satisfies Line)
    this.#rejecting = false
    this.#frozen = false
  }

  #broadcast(code: keyof typeof connectivity): void {
    for (const connection of this.#connections)
      if (connection.open) connection.error(-1, code, connectivity[code])
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    if (!this.#serving || this.#connections.size >= maxClients) {
      if (!this.#serving) this.#deps.refused()
      socket.on('error', () => {})
      socket.resume().end()
      return
    }
    const connection = new ApiConnection({
      ...this.#deps,
      socket,
      line: this.#line,
      claim: (claimant) => this.#claim(claimant),
      record: (sender, id, spec, fields) => this.#record(sender, id, spec, fields),
      left: (leaver, clean) => this.#release(leaver, clean),
    })
    this.#connections.add(connection)
    this.#numbers.set(connection, ++this.#accepted)
    if (this.#frozen) connection.freeze()
  }

  #claim(connection: ApiConnection): boolean {
    if (this.#rejecting || this.#slots.has(connection.clientId)) return false
    this.#slots.set(connection.clientId, connection)
    return true
  }

  #release(connection: ApiConnection, clean: boolean): void {
    const { ghostSlotSeconds, world } = this.#deps
    this.#connections.delete(connection)
    world.pacing.left(connection)
    const { clientId } = connection
    if (this.#slots.get(clientId) !== connection) return
    this.#slots.delete(clientId)
    if (clean || ghostSlotSeconds === 0 || !this.#serving) return
    this.#slots.set(clientId, 'ghost')
    world.clock.schedule(() => {
      if (this.#slots.get(clientId) === 'ghost') this.#slots.delete(clientId)
    }, ghostSlotSeconds * 1000)
  }

  #record(sender: ApiConnection, id: number, spec: MessageSpec | undefined, fields: string[]): void {
    if (this.requests.length >= maxRecords) {
      const old = this.requests.splice(0, maxRecords / 2)
      this.requests.unshift(...old.filter((record) => keptMessages.has(record.id)))
    }
    const { clientId, version } = sender
    const at = typeof spec?.requestIdAt === 'function' ? spec.requestIdAt(version) : spec?.requestIdAt
    this.requests.push({
      sequence: ++this.#messages,
      connection: this.#numbers.get(sender) ?? 0,
      id,
      name: spec?.name ?? 'unknown',
      reqId: at === undefined ? undefined : Number(fields[at]),
      ...(spec?.name === 'placeOrder' && { orderRef: fields[orderRefAt] ?? '' }),
      clientId,
      time: this.#deps.world.clock.now(),
      fields: fields.slice(0, maxRecordedFields).map(cut),
    })
  }
}

function cut(field: string): string {
  return field.length > maxRecordedText ? `${field.slice(0, maxRecordedText)}…` : field
}
