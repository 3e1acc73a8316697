// Whether the container engine answers, and what it tells: adoption first, then hints as they come, and a probe while it is away.
import type { Clock } from '../../ports/clock.ts'
import { isFleetError, messageOf } from '../../ports/errors.ts'
import type { Log } from '../../ports/log.ts'
import type { GatewayContainer, GatewayRuntime } from '../../ports/runtime.ts'

const probeMs = 2_000
/** After a call that failed the engine is asked three times, so far apart, before it counts as down: one that fails now and then would go up and down without end. */
const againMs = 250
/** Once it has answered so it is not asked for a while, whatever else fails: hundreds of gateways make hundreds of calls. */
const trustMs = 5_000

export interface EngineWatchDeps {
  readonly runtime: GatewayRuntime
  readonly clock: Clock
  readonly log: Log
  /** Called once, with everything of ours that the engine has, before anything may be created or removed. */
  readonly adopt: (containers: readonly GatewayContainer[]) => void
  readonly wake: (followerId: string) => void
  readonly wakeAll: () => void
  readonly onChange: (up: boolean) => void
  /** The network that gateways share lets them reach one another (what is wrong), or does not any more (null). */
  readonly onUnsafe: (detail: string | null) => void
  /** Whether anything may be made in the engine yet. */
  readonly mayAct: () => boolean
}

export class EngineWatch {
  readonly #deps: EngineWatchDeps
  #adopted = false
  #up = false
  #prepared = false
  #probing = false
  #doubting = false
  #trustedUntilMs = 0
  /** undefined: not looked at yet. What an earlier manager told of it may stand. */
  #unsafe: string | null | undefined
  #detail: string | null = 'the engine has not been asked yet'
  #signal: AbortSignal = AbortSignal.abort()

  constructor(deps: EngineWatchDeps) {
    this.#deps = deps
  }

  /** The engine answers and everything that it runs has been adopted. */
  get up(): boolean {
    return this.#up
  }

  /** Why it is not up, or null. */
  get detail(): string | null {
    return this.#detail
  }

  /** What is wrong with the network that gateways share, or null. */
  get unsafe(): string | null {
    return this.#unsafe ?? null
  }

  /** Resolves after the first try to adopt; goes on by itself until `signal` aborts. */
  async start(signal: AbortSignal): Promise<void> {
    this.#signal = signal
    void this.#listen(signal)
    if (!(await this.#adopt())) this.#probe()
  }

  /** A call has just failed for want of an answer: asks whether that is so. Ignored until everything is adopted. */
  doubt(): void {
    if (this.#deps.clock.monotonicMs() >= this.#trustedUntilMs) this.#ask()
  }

  #ask(): void {
    if (!this.#adopted || !this.#up || this.#doubting) return
    this.#doubting = true
    void this.#confirm()
      .catch(() => undefined)
      .finally(() => {
        this.#doubting = false
      })
  }

  /** Makes what gateways share if that is not done yet; fails as GatewayRuntime.prepare. */
  async ready(signal: AbortSignal): Promise<void> {
    if (this.#prepared) return
    try {
      await this.#deps.runtime.prepare(signal)
      this.#prepared = true
      this.#tellUnsafe(null)
    } catch (err) {
      if (isFleetError(err, 'NETWORK_UNSAFE')) this.#tellUnsafe(err.message)
      throw err
    }
  }

  /** Looks again at what gateways share: somebody may have changed it. While it is unsafe that is told, and nothing is launched. */
  async recheck(signal: AbortSignal): Promise<void> {
    if (!this.#up || !this.#deps.mayAct()) return
    this.#prepared = false
    await this.ready(signal).catch((err) => {
      if (!signal.aborted) this.#deps.log.warn({ err }, 'what gateways share is not usable')
    })
  }

  /** Tells again that all is well, if it is: an alert that an earlier manager left open may have been read only now. */
  tellWell(): void {
    if (!this.#up) return
    this.#deps.onChange(true)
    if (this.#unsafe === null) this.#deps.onUnsafe(null)
  }

  #tellUnsafe(detail: string | null): void {
    if (this.#unsafe === detail) return
    this.#unsafe = detail
    this.#deps.onUnsafe(detail)
  }

  async #adopt(): Promise<boolean> {
    const { runtime, adopt, log } = this.#deps
    try {
      const containers = await runtime.list(this.#signal)
      const ready = this.#deps.mayAct() ? this.ready(this.#signal) : Promise.resolve()
      await ready.catch((err) => {
        // Gateways that run are adopted all the same; launches will be told why they cannot be.
        if (isFleetError(err, 'ENGINE_UNAVAILABLE')) throw err
        log.error({ err }, 'what gateways share is not usable')
      })
      adopt(containers)
      this.#adopted = true
      this.#set(true, null)
      this.#deps.wakeAll()
      return true
    } catch (err) {
      if (this.#signal.aborted) return true
      this.#detail = messageOf(err)
      log.warn({ err }, 'container engine does not answer')
      this.#deps.onChange(false)
      return false
    }
  }

  #set(up: boolean, detail: string | null): void {
    this.#up = up
    this.#detail = detail
    this.#deps.onChange(up)
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const { runtime, wake, wakeAll, log } = this.#deps
    try {
      for await (const hint of runtime.watch(signal)) {
        if (hint.kind === 'event') wake(hint.event.followerId)
        else if (hint.kind === 'resumed') wakeAll()
        else this.#ask()
      }
    } catch (err) {
      if (!signal.aborted)
        log.error({ err }, 'the stream of engine events ended; the monitor goes on without it')
    }
  }

  async #confirm(): Promise<void> {
    const { clock } = this.#deps
    for (let tries = 1; ; tries++) {
      if (await this.#answers()) {
        this.#trustedUntilMs = clock.monotonicMs() + trustMs
        return
      }
      if (tries === 3) break
      await clock.sleep(againMs, this.#signal)
    }
    if (this.#signal.aborted) return
    this.#set(false, 'the engine does not answer')
    this.#probe()
  }

  #answers(): Promise<boolean> {
    return this.#deps.runtime.ping(this.#signal).then(
      () => true,
      () => false,
    )
  }

  async #lookForReturn(): Promise<void> {
    if (!(await this.#answers()) || this.#signal.aborted) return
    this.#set(true, null)
    this.#deps.wakeAll()
  }

  /** Asks every few seconds until the engine is back. */
  #probe(): void {
    if (this.#probing) return
    this.#probing = true
    void (async () => {
      while (!this.#signal.aborted && !this.#up) {
        await this.#deps.clock.sleep(probeMs, this.#signal)
        if (this.#adopted) await this.#lookForReturn()
        else await this.#adopt()
      }
    })()
      .catch(() => undefined)
      .finally(() => {
        this.#probing = false
      })
  }
}
