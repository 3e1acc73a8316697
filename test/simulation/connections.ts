// The connections that a manager has with gateways; what each was answered, and when, is known here for sure.
import { FleetError } from '../../src/ports/errors.ts'
import type {
  IbConnection,
  IbConnectionListener,
  IbConnector,
  IbRequestKind,
  IbRequests,
  IbTarget,
} from '../../src/ports/ib.ts'
import type { Chance } from '../drill/random.ts'
import type { ApiServer } from './api-server.ts'
import type { ProcessClock, VirtualTime } from './virtual-time.ts'

export interface Network {
  readonly time: VirtualTime
  readonly chance: Chance
  readonly process: ProcessClock
  /** The API behind a port of this host; null when nothing listens. */
  serverAt(port: number): ApiServer | null
}

/** What one process has opened, by port. */
export class Connector implements IbConnector {
  readonly #network: Network
  readonly open: IbConnector['open']
  readonly #open = new Map<number, Set<Connection>>()

  constructor(network: Network) {
    this.#network = network
    this.open = (target, listener) => {
      const connection = new Connection(network, target, listener, () => this.#forget(connection))
      const there = this.#open.get(target.port) ?? new Set()
      this.#open.set(target.port, there.add(connection))
      return connection
    }
  }

  /** Milliseconds since a gateway on this port last answered us over a connection that is still open; infinite when none has. */
  answerAgeMs(port: number): number {
    let age = Number.POSITIVE_INFINITY
    for (const { answeredAtMs } of this.#open.get(port) ?? [])
      if (answeredAtMs !== null) age = Math.min(age, this.#network.time.monotonicMs - answeredAtMs)
    return age
  }

  get count(): number {
    return [...this.#open.values()].reduce((sum, there) => sum + there.size, 0)
  }

  /** The process died: its system closes what it had open. */
  abandon(): void {
    for (const there of [...this.#open.values()]) for (const connection of [...there]) connection.abandon()
  }

  #forget(connection: Connection): void {
    const { port } = connection.target
    const there = this.#open.get(port)
    there?.delete(connection)
    if (there?.size === 0) this.#open.delete(port)
  }
}

interface Question {
  readonly promise: Promise<number>
  resolve(epochSeconds: number): void
  reject(error: FleetError): void
}

function askQuestion(): Question {
  let settle: Pick<Question, 'resolve' | 'reject'> | undefined
  const promise = new Promise<number>((resolve, reject) => {
    settle = { resolve, reject }
  })
  return { promise, ...(settle as Pick<Question, 'resolve' | 'reject'>) }
}

const closedError = (what: string) => new FleetError('CONNECTION_CLOSED', `The simulated gateway ${what}.`)

export class Connection implements IbConnection {
  readonly target: IbTarget
  answeredAtMs: number | null = null
  readonly #network: Network
  readonly #listener: IbConnectionListener
  readonly #forget: () => void
  #server: ApiServer | null = null
  #over = false
  #isReady = false
  #question: Question | null = null

  constructor(network: Network, target: IbTarget, listener: IbConnectionListener, forget: () => void) {
    this.#network = network
    this.target = target
    this.#listener = listener
    this.#forget = forget
    this.#after(1 + network.chance.below(10), () => this.#arrive())
  }

  currentTime(): Promise<number> {
    if (this.#over || !this.#isReady) return Promise.reject(closedError('is not connected'))
    if (this.#question) return this.#question.promise
    const question = askQuestion()
    this.#question = question
    this.#after(1 + this.#network.chance.below(this.#server?.slowMs ?? 1), () => this.#answer())
    return question.promise
  }

  request<K extends IbRequestKind>(): Promise<IbRequests[K]['answer']> {
    return Promise.reject(closedError('is not asked for data here'))
  }

  stream(): () => void {
    throw closedError('has no streams here')
  }

  placeOrder(): void {
    throw closedError('takes no orders here')
  }

  cancelOrder(): void {}

  mark(): void {}

  close(): Promise<void> {
    this.#end(closedError('was left'))
    const { time, chance, process } = this.#network
    return new Promise((resolve) => {
      time.schedule(1 + chance.below(20), () => {
        if (process.alive) resolve()
      })
    })
  }

  /** The gateway went away. */
  cutOff(unheard: boolean): void {
    this.#server = null
    if (unheard) return
    this.#after(1 + this.#network.chance.below(5), () => this.#fail(closedError('closed the connection')))
  }

  /** It has its voice back: what was asked meanwhile is answered, who left meanwhile is seen to have left. */
  catchUp(): void {
    if (this.#over) this.#leave()
    else if (this.#isReady) this.#after(1, () => this.#answer())
    else this.#after(1, () => this.#welcome())
  }

  tellUpstream(lost: boolean): void {
    if (this.#over || !this.#isReady) return
    const [code, text] = lost
      ? [1100, 'Connectivity between IBKR and Trader Workstation has been lost.']
      : [1102, 'Connectivity restored - data maintained.']
    this.#listener.onNotice({ id: -1, code: code as number, text: text as string })
  }

  /** Its process died. A gateway may take a minute to see that. */
  abandon(): void {
    const { time, chance } = this.#network
    this.#over = true
    this.#forget()
    const lingersMs = chance.next() < 0.3 ? 30_000 + chance.below(30_000) : 10
    time.schedule(lingersMs, () => this.#leave())
  }

  #arrive(): void {
    const server = this.#network.serverAt(this.target.port)
    if (!server) {
      this.#fail(new FleetError('CONNECTION_REFUSED', 'Nothing listens there.'))
      return
    }
    this.#listener.onStep('handshake')
    // The image forwards the port: it accepts, and ends the connection when no gateway is behind it.
    if (!server.isSilent && !server.isOpen) this.#after(20, () => this.#fail(closedError('is not logged in')))
    else if (server.clients.has(this.target.clientId)) this.#refuseClientId(server)
    else {
      this.#server = server
      server.clients.set(this.target.clientId, this)
      this.#after(1 + this.#network.chance.below(server.slowMs), () => this.#welcome())
    }
  }

  #refuseClientId(server: ApiServer): void {
    if (server.isSilent) return
    const text = `Unable to connect as the client id is already in use.`
    this.#listener.onNotice({ id: -1, code: 326, text })
    this.#after(20, () => this.#fail(closedError('refused the client id')))
  }

  #welcome(): void {
    const server = this.#server
    if (!server?.isOpen || server.isSilent || this.#isReady) return
    this.#isReady = true
    this.answeredAtMs = this.#network.time.monotonicMs
    this.#listener.onStep('accounts')
    this.#listener.onStep('order-id')
    if (server.isUpstreamLost)
      this.#listener.onNotice({ id: -1, code: 2110, text: 'Connectivity between TWS and server is broken.' })
    this.#listener.onReady({ serverVersion: 193, accounts: server.accounts, nextOrderId: 1 })
  }

  #answer(): void {
    const question = this.#question
    if (!question || !this.#server || this.#server.isSilent) return
    this.#question = null
    this.answeredAtMs = this.#network.time.monotonicMs
    question.resolve(Math.floor(this.#network.time.now / 1000))
  }

  #fail(error: FleetError): void {
    if (this.#over) return
    this.#end(error)
    this.#listener.onClosed(error)
  }

  #end(error: FleetError): void {
    if (this.#over) return
    this.#over = true
    this.#forget()
    this.#question?.reject(error)
    this.#question = null
    // A silent gateway does not see that its client has left.
    if (!this.#server?.isSilent) this.#leave()
  }

  #leave(): void {
    if (this.#server?.clients.get(this.target.clientId) === this)
      this.#server.clients.delete(this.target.clientId)
    this.#server = null
  }

  #after(ms: number, step: () => void): void {
    this.#network.time.schedule(ms, () => {
      if (!this.#over && this.#network.process.alive) step()
    })
  }
}
