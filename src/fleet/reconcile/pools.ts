// Scarce numbers: host ports, one per gateway, reserved by owner. Rebuilt from container labels when a manager starts.
import { FleetError } from '../../ports/errors.ts'

export interface PortRange {
  readonly from: number
  readonly to: number
}

/** Host ports for gateways. Each owner holds one at most; what a stranger was found on is skipped for a while. */
export class PortPool {
  readonly #range: PortRange
  readonly #byOwner = new Map<string, number>()
  readonly #ownerOf = new Map<number, string>()
  /** Ports the engine said are taken by something else, until when we skip them. */
  readonly #strangers = new Map<number, number>()

  constructor(range: PortRange) {
    this.#range = range
  }

  /** The owner's port: the one it holds, else `preferred` when free, else the lowest free one. PORT_EXHAUSTED when none is. */
  reserve(owner: string, preferred: number | null, now: number): number {
    const held = this.#byOwner.get(owner)
    if (held !== undefined) return held
    const port = this.#pick(preferred, now)
    if (port === undefined) {
      const { from, to } = this.#range
      throw new FleetError(
        'PORT_EXHAUSTED',
        `No port in ${from}-${to} is free for follower ${owner}: ${this.#byOwner.size} are held by gateways, ${this.#strangers.size} by other programs. Stop a gateway, or widen PORT_RANGE_START and PORT_RANGE_END.`,
        { retryAfterMs: 30_000 },
      )
    }
    this.#hold(owner, port)
    return port
  }

  /** Takes over what a running container already publishes, in or out of the range. */
  adopt(owner: string, port: number): void {
    this.release(owner)
    this.#hold(owner, port)
  }

  /** Gives the owner's port back; nothing held is fine. */
  release(owner: string): void {
    const port = this.#byOwner.get(owner)
    if (port === undefined) return
    this.#byOwner.delete(owner)
    this.#ownerOf.delete(port)
  }

  /** The engine found something else on the owner's port: gives it up and skips it until `until` (ms since the epoch). */
  skipTaken(owner: string, until: number): void {
    const port = this.#byOwner.get(owner)
    if (port === undefined) return
    this.release(owner)
    this.#strangers.set(port, until)
  }

  holds(owner: string): number | undefined {
    return this.#byOwner.get(owner)
  }

  get size(): number {
    return this.#byOwner.size
  }

  #hold(owner: string, port: number): void {
    this.#byOwner.set(owner, port)
    this.#ownerOf.set(port, owner)
  }

  #pick(preferred: number | null, now: number): number | undefined {
    for (const [port, until] of this.#strangers) if (until <= now) this.#strangers.delete(port)
    const free = (port: number) => !this.#ownerOf.has(port) && !this.#strangers.has(port)
    const { from, to } = this.#range
    if (preferred !== null && preferred >= from && preferred <= to && free(preferred)) return preferred
    for (let port = from; port <= to; port++) if (free(port)) return port
    return undefined
  }
}

/**
 * A client id that nobody on this gateway has: random first, so that two managers or a bot with a fixed id rarely meet (error 326), then the
 * next free one. Undefined when the range is used up.
 */
export function chooseClientId(
  range: PortRange,
  taken: ReadonlySet<number>,
  random: () => number,
): number | undefined {
  const span = range.to - range.from + 1
  const start = Math.floor(random() * span)
  for (let step = 0; step < span; step++) {
    const id = range.from + ((start + step) % span)
    if (!taken.has(id)) return id
  }
  return undefined
}

/** IB logins in use, by keyed digest: two containers of one username would throw each other out for ever. */
export class UsernamePool {
  readonly #ownerOf = new Map<string, string>()

  /** USERNAME_IN_USE naming the other follower. */
  reserve(owner: string, usernameHash: string): void {
    const other = this.#ownerOf.get(usernameHash)
    if (other !== undefined && other !== owner) {
      throw new FleetError(
        'USERNAME_IN_USE',
        `Follower ${owner} has the same IB username as follower ${other}, whose gateway is up; IBKR allows one session per username. It starts by itself when ${other} has stopped; better give it a username of its own.`,
      )
    }
    this.release(owner)
    this.#ownerOf.set(usernameHash, owner)
  }

  /** The follower that holds this username, if any. */
  ownerOf(usernameHash: string): string | undefined {
    return this.#ownerOf.get(usernameHash)
  }

  release(owner: string): boolean {
    for (const [hash, holder] of this.#ownerOf) {
      if (holder === owner) return this.#ownerOf.delete(hash)
    }
    return false
  }

  get size(): number {
    return this.#ownerOf.size
  }
}
