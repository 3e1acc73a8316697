// Whoever comes in at a forwarder: whether they may, their way to the target, and the end of all of them.
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net'
import type { Clock } from '../ports/clock.ts'
import { type Cidr, type Endpoint, withoutMapping } from './addresses.ts'
import type { Tell } from './events.ts'
import { guestList } from './guest-list.ts'
import { endRelay, relay } from './relay.ts'
import { Tally } from './tally.ts'
import { TargetWatch } from './target-watch.ts'

export interface EntranceOptions {
  readonly target: Endpoint
  readonly clock: Clock
  readonly tell: Tell
  /** Most connections at a time; default 1,000. */
  readonly maxConnections?: number
  /** Default 10 s. */
  readonly connectTimeoutMs?: number
  /** What `close` grants the last bytes of open connections; default 1 s. */
  readonly closeGraceMs?: number
}

export interface ForwarderStats {
  /** Connections that were let in. */
  readonly accepted: number
  /** Closed unread: not on the list of those who may come in. */
  readonly refused: number
  /** Closed unread: as many were open as may be. */
  readonly overLimit: number
  /** Closed because the target could not be reached. */
  readonly failed: number
}

const keepAliveMs = 60_000
const toldEveryMs = 60_000
/** Of each socket, in each direction: what Node reads at once. More has not moved more, and a thousand slow readers would hold it. */
export const bufferBytes = 64 * 1024

/** Everybody who has come in, and what becomes of them. */
export class Entrance {
  readonly #options: EntranceOptions
  readonly #isAllowed: (address: string | undefined) => boolean
  readonly #maxConnections: number
  readonly #watch: TargetWatch
  readonly #strangers: Tally
  readonly #overflow: Tally
  /** Clients with their way to the target. */
  readonly #open = new Map<Socket, Socket>()
  readonly #stats = { accepted: 0, refused: 0, overLimit: 0, failed: 0 }
  #onEmpty: (() => void) | undefined

  constructor(options: EntranceOptions, allowed: readonly Cidr[]) {
    this.#options = options
    this.#isAllowed = guestList(allowed)
    this.#maxConnections = options.maxConnections ?? 1000
    this.#watch = new TargetWatch(options)
    this.#strangers = new Tally(options.clock, toldEveryMs)
    this.#overflow = new Tally(options.clock, toldEveryMs)
  }

  get connections(): number {
    return this.#open.size
  }

  get stats(): ForwarderStats {
    return { ...this.#stats }
  }

  arrive(client: Socket): void {
    const { tell } = this.#options
    // Whatever happens to it is seen in `close`.
    client.on('error', () => {})
    const peer = client.remoteAddress
    if (!this.#isAllowed(peer)) {
      this.#stats.refused++
      client.resetAndDestroy()
      this.#strangers.add((count) =>
        tell({ event: 'peer-refused', peer: withoutMapping(peer ?? 'unknown'), count }),
      )
      return
    }
    if (this.#open.size >= this.#maxConnections) {
      this.#stats.overLimit++
      client.destroy()
      this.#overflow.add((count) => tell({ event: 'full', limit: this.#maxConnections, count }))
      return
    }
    this.#stats.accepted++
    this.#connect(client)
  }

  /** Within the grace all have ended, or are broken off. */
  async close(): Promise<void> {
    const { clock, closeGraceMs = 1000 } = this.#options
    if (this.#open.size === 0) return
    const emptied = new Promise<void>((resolve) => {
      this.#onEmpty = resolve
    })
    const cancel = clock.schedule(closeGraceMs, () => {
      for (const sockets of this.#open) for (const socket of sockets) socket.resetAndDestroy()
    })
    for (const [client, target] of this.#open) {
      if (target.connecting) for (const socket of [client, target]) socket.destroy()
      else endRelay(client, target)
    }
    await emptied
    cancel()
  }

  #connect(client: Socket): void {
    const { clock, connectTimeoutMs = 10_000, target } = this.#options
    client.setKeepAlive(true, keepAliveMs)
    const socket = connect({
      ...target,
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveMs,
      highWaterMark: bufferBytes,
    } as TcpNetConnectOpts)
    this.#open.set(client, socket)
    const giveUp = (error: NodeJS.ErrnoException) => {
      cancel()
      this.#stats.failed++
      this.#watch.failed(error.code ?? 'FAILED')
      client.destroy()
    }
    const cancel = clock.schedule(connectTimeoutMs, () =>
      socket.destroy(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })),
    )
    socket.once('error', giveUp)
    socket.once('connect', () => {
      cancel()
      socket.off('error', giveUp)
      this.#watch.reached()
      relay(client, socket)
    })
    const leave = () => {
      cancel()
      if (!client.destroyed || !socket.destroyed) return
      this.#open.delete(client)
      if (this.#open.size === 0) this.#onEmpty?.()
    }
    // A client that goes while the target is being reached takes its half of the connection along.
    client.once('close', () => socket.connecting && socket.destroy())
    client.once('close', leave)
    socket.once('close', leave)
  }
}
