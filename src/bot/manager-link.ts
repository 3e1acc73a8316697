// The bot beside a manager: it looks at its gateway over HTTP, leases its client id, and hears of planned restarts and locks. An absent manager harms nothing that runs.
import type { Clock } from '../ports/clock.ts'
import { FleetError, isFleetError } from '../ports/errors.ts'
import type { Log } from '../ports/log.ts'
import { type GatewayAddress, withoutFullStop } from './gateway-check.ts'
import {
  type BotLease,
  createManagerApi,
  leaseSeconds,
  type ManagedGateway,
  type ManagerApi,
} from './manager-api.ts'

export type { BotLease, ManagedGateway } from './manager-api.ts'

export type GatewayNews =
  /** Known, changed, or (undefined) none any more. */
  | { readonly kind: 'planned-restart'; readonly atMs: number | undefined }
  | { readonly kind: 'locked'; readonly why: string }
  | { readonly kind: 'unlocked' }
  /** Undefined: it has none at present. */
  | { readonly kind: 'endpoint'; readonly endpoint: GatewayAddress | undefined }
  /** The manager gave another client id than before. */
  | { readonly kind: 'client-id'; readonly clientId: number }

export interface ManagerLinkOptions {
  readonly url: string
  readonly followerId: string
  readonly token?: string
  /** Where the manager may ask for the bot's health; loopback only. */
  readonly healthUrl?: string
}

const lookIntervalMs = 3_000
const leasePatienceMs = 60_000
const releaseTimeoutMs = 1_000

export class ManagerLink {
  readonly #clock: Clock
  readonly #log: Log
  readonly #api: ManagerApi
  readonly #listeners = new Set<(news: GatewayNews) => void>()
  readonly #stop = new AbortController()
  #gateway: ManagedGateway | undefined
  #trouble: string | undefined
  #lock = new AbortController()
  #lease: BotLease | undefined
  #renewAtMs = 0
  #looking: Promise<void> | undefined

  constructor(deps: { readonly clock: Clock; readonly log: Log }, options: ManagerLinkOptions) {
    this.#clock = deps.clock
    this.#log = deps.log.child({ manager: options.url })
    this.#api = createManagerApi(deps.clock, options)
  }

  /** As last heard; undefined until the manager has answered once. */
  get gateway(): ManagedGateway | undefined {
    return this.#gateway
  }

  /** As last leased; undefined before and after. */
  get clientId(): number | undefined {
    return this.#lease?.clientId
  }

  /** Why the manager does not answer, or what it says against us, without a full stop; undefined when all is well. */
  get trouble(): string | undefined {
    return this.#trouble
  }

  /** Looks once, then every few seconds until `stop`. Never rejects; returns early when `signal` aborts. */
  async start(signal: AbortSignal = this.#stop.signal): Promise<void> {
    await this.#look(AbortSignal.any([signal, this.#stop.signal]))
    this.#looking ??= this.#keepLooking()
  }

  /** Returns how to stop listening. What is known already is not told again. */
  onNews(listener: (news: GatewayNews) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Aborts when the gateway is locked, now or later; the reason is an Error that says why. */
  lockSignal(): AbortSignal {
    return this.#lock.signal
  }

  /**
   * Leases the client id, and keeps it renewed until `stop`. A manager that does not answer, or whose gateway is not RUNNING yet, gets a minute;
   * then the lease of before counts, as the id stays ours. NOT_READY, or the manager's own code, with what it said.
   */
  async lease(signal: AbortSignal): Promise<BotLease> {
    const over = AbortSignal.any([signal, this.#stop.signal])
    const untilMs = this.#clock.monotonicMs() + leasePatienceMs
    for (;;) {
      try {
        return this.#hold(await this.#api.lease(over))
      } catch (error) {
        if (!(error instanceof FleetError)) throw error
        if (error.retryAfterMs === undefined) throw error
        if (this.#clock.monotonicMs() >= untilMs) {
          if (this.#lease) return { ...this.#lease, ...this.#gateway?.endpoint }
          throw error
        }
        this.#log.warn({ reason: error.message }, 'No client id yet, asking again')
        await this.#clock.sleep(Math.min(error.retryAfterMs, lookIntervalMs), over)
      }
    }
  }

  /** Ends looking and renewing, and gives the lease back if the manager takes it within a second. Never rejects. */
  async stop(): Promise<void> {
    if (this.#stop.signal.aborted) return
    this.#stop.abort(new Error('the bot ends'))
    await this.#looking
    const lease = this.#lease
    this.#lease = undefined
    if (!lease) return
    const patience = new AbortController()
    const cancel = this.#clock.schedule(releaseTimeoutMs, () => patience.abort(new Error('not in time')))
    try {
      await this.#api.release(lease.clientId, patience.signal)
    } catch (error) {
      this.#log.debug({ reason: wordsOf(error) }, 'The lease was not given back, it ends by itself')
    } finally {
      cancel()
    }
  }

  async #keepLooking(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      await this.#clock.sleep(lookIntervalMs, signal).catch(() => {})
      if (signal.aborted) return
      await this.#look(signal)
      await this.#renewWhenDue(signal)
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    try {
      const view = await this.#api.gateway(signal)
      if (this.#trouble !== undefined) this.#log.info({}, 'The manager answers again')
      this.#trouble = undefined
      this.#learn(view)
    } catch (error) {
      if (!signal.aborted) this.#lacks(withoutFullStop(wordsOf(error)))
    }
  }

  async #renewWhenDue(signal: AbortSignal): Promise<void> {
    if (!this.#lease || this.#clock.monotonicMs() < this.#renewAtMs) return
    try {
      this.#hold(await this.#renewed(this.#lease.clientId, signal))
    } catch (error) {
      // The next look tries again; the id stays ours, as it stays with its purpose.
      if (!signal.aborted) this.#log.debug({ reason: wordsOf(error) }, 'The lease could not be renewed')
    }
  }

  /** A lease that has ended meanwhile is taken again: the same purpose gets the same id. */
  async #renewed(clientId: number, signal: AbortSignal): Promise<BotLease> {
    try {
      return await this.#api.renew(clientId, signal)
    } catch (error) {
      if (isFleetError(error, 'LEASE_NOT_FOUND')) return this.#api.lease(signal)
      throw error
    }
  }

  #hold(lease: BotLease): BotLease {
    const before = this.#lease
    this.#lease = lease
    this.#renewAtMs = this.#clock.monotonicMs() + (leaseSeconds * 1000) / 2
    if (before && before.clientId !== lease.clientId) {
      this.#log.warn(
        { clientId: lease.clientId, before: before.clientId },
        'The manager gave another client id',
      )
      this.#tell({ kind: 'client-id', clientId: lease.clientId })
    }
    return lease
  }

  /** Tells what has changed, after it counts. */
  #learn(view: ManagedGateway): void {
    const before = this.#gateway
    this.#gateway = view
    const { endpoint, plannedRestartAtMs: atMs } = view
    if (atMs !== before?.plannedRestartAtMs) this.#tell({ kind: 'planned-restart', atMs })
    if (endpoint?.host !== before?.endpoint?.host || endpoint?.port !== before?.endpoint?.port)
      this.#tell({ kind: 'endpoint', endpoint })
    const isLocked = view.phase === 'locked'
    if (isLocked === this.#lock.signal.aborted) return
    if (isLocked) {
      const why = whyLocked(view)
      this.#lock.abort(new Error(why))
      this.#tell({ kind: 'locked', why })
    } else {
      this.#lock = new AbortController()
      this.#tell({ kind: 'unlocked' })
    }
  }

  /** One line for each time that the manager is away, whatever else goes wrong meanwhile. */
  #lacks(trouble: string): void {
    const isNew = this.#trouble === undefined
    this.#trouble = trouble
    if (isNew)
      this.#log.warn({ reason: trouble }, 'No news of the gateway from the manager, going on without')
  }

  #tell(news: GatewayNews): void {
    for (const listener of [...this.#listeners]) listener(news)
  }
}

export function createManagerLink(
  deps: { readonly clock: Clock; readonly log: Log },
  options: ManagerLinkOptions,
): ManagerLink {
  return new ManagerLink(deps, options)
}

/** What the manager may poll of a health port on `host`; undefined when it cannot be reached over loopback. */
export function healthUrlOf(host: string, port: number): string | undefined {
  const everywhere = host === '0.0.0.0' || host === '::'
  if (everywhere || host === '127.0.0.1') return `http://127.0.0.1:${port}/health`
  if (host === 'localhost') return `http://localhost:${port}/health`
  return host === '::1' ? `http://[::1]:${port}/health` : undefined
}

function whyLocked({ reason }: ManagedGateway): string {
  const what = reason ? `${reason.message} [${reason.code}] ${reason.action ?? ''}` : 'the gateway is locked'
  return withoutFullStop(what.trim())
}

const wordsOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
