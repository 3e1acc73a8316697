// The order gate: open only by a fresh validation, shut in the same turn by any trouble. Without its pass no order is written.
import type { Cancel, Clock } from '../ports/clock.ts'
import { FleetError } from '../ports/errors.ts'
import type { Log } from '../ports/log.ts'
import type { IbSession } from '../session/session.ts'
import { GatewayWatch } from './gateway-watch.ts'
import { standingOf, type Validation } from './validation.ts'

let issue!: (connectionId: number, account: string) => GatePass

/** Leave to place orders on one connection while the gate that gave it stays open. Only a gate makes one. */
export class GatePass {
  readonly connectionId: number
  /** The account that orders are for. */
  readonly account: string

  // Private, so that nothing of the same shape passes for one.
  private constructor(connectionId: number, account: string) {
    this.connectionId = connectionId
    this.account = account
  }

  static {
    issue = (connectionId, account) => Object.freeze(new GatePass(connectionId, account))
  }
}

export interface OrderGateDeps {
  readonly session: IbSession
  readonly clock: Clock
  readonly log: Log
}

/** So long before a planned restart the gate shuts. */
const beforeRestartMs = 60_000
/** A restart that did not come by then was called off. */
const restartOverMs = 300_000
/** The clocks may drift apart so far while the gate is open; by more, and this machine has slept. */
const maxDriftMs = 30_000
/** A validation is good for so long until the gate is opened with it. */
const validationFreshMs = 30_000

export class OrderGate {
  readonly #deps: OrderGateDeps
  readonly #watch: GatewayWatch
  readonly #used = new WeakSet<Validation>()
  readonly #closeListeners = new Set<(reason: string) => void>()
  #pass: GatePass | null = null
  #reason = 'nothing has been validated yet'
  /** How far the wall clock was ahead of the one that never jumps when the gate was opened. */
  #aheadMs = 0
  #restartAtMs: number | undefined
  #cancelRestart: Cancel | undefined

  constructor(deps: OrderGateDeps) {
    this.#deps = deps
    this.#watch = new GatewayWatch(deps.session, (what) => this.#shut(what))
  }

  get isOpen(): boolean {
    return this.#pass !== null
  }

  /** Why it is closed, in words; undefined while open. */
  get reason(): string | undefined {
    return this.#pass ? undefined : this.#reason
  }

  /** Grows with every trouble and every `close`; a validation counts only in the era in which it began. */
  get era(): number {
    return this.#watch.era
  }

  /** What keeps it from being opened now, in words; undefined when a fresh validation would do. */
  get trouble(): string | undefined {
    return this.#watch.trouble() ?? this.#restartNear()
  }

  /** Opens with a validation, which is used up by it. ORDER_GATE_CLOSED when it is forged, another gate's, used, old, or something happened since it began. */
  open(validation: Validation): void {
    const { session, clock, log } = this.#deps
    const standing = standingOf(validation)
    if (!standing || standing.gate !== this)
      throw closed('what it was to be opened with is no validation of its own')
    if (this.#used.has(validation)) throw closed('the validation has been used before')
    this.#used.add(validation)
    if (standing.era !== this.era || validation.connectionId !== session.orders.connectionId)
      throw closed(`the validation is of an earlier time: ${this.#reason}`)
    if (clock.monotonicMs() - standing.madeAtMs > validationFreshMs) throw closed('the validation is too old')
    const { trouble } = this
    if (trouble) throw closed(trouble)
    if (this.#pass) return
    this.#aheadMs = clock.now() - clock.monotonicMs()
    this.#pass = issue(validation.connectionId, validation.account)
    log.info({ connectionId: validation.connectionId, account: validation.account }, 'order gate open')
  }

  /** Shuts it in this turn: every pass is void, a mark is left on the connection if it still stands, and listeners are told. Idempotent. */
  close(reason: string): void {
    this.#watch.disturb(reason)
  }

  /** Shuts it 60 s before a restart of the gateway planned for then (epoch milliseconds), or at once when nearer. Replaces what was said before; undefined: none is planned. */
  closeAt(plannedRestartAtMs: number | undefined): void {
    this.#restartAtMs = plannedRestartAtMs
    this.#cancelRestart?.()
    this.#cancelRestart = undefined
    this.#awaitRestart()
  }

  /** Leave to place orders now; null while closed. */
  pass(): GatePass | null {
    return this.#pass
  }

  /** Throws ORDER_GATE_CLOSED unless `pass` is this gate's of now, and the session is as it was validated at this very moment. */
  admit(pass: GatePass): void {
    if (this.#pass && pass === this.#pass) {
      const trouble =
        this.#deps.session.orders.connectionId === pass.connectionId
          ? (this.trouble ?? this.#sleep())
          : 'the connection to the gateway is another one'
      // Time alone may have brought it about, and no event told of it.
      if (trouble) this.close(trouble)
    }
    if (!this.#pass || pass !== this.#pass) throw closed(this.reason ?? 'the pass is of an earlier time')
  }

  /** Called in the turn in which the gate shuts, once for each time it was open. Returns how to stop. */
  onClose(listener: (reason: string) => void): () => void {
    this.#closeListeners.add(listener)
    return () => this.#closeListeners.delete(listener)
  }

  /** Shuts it and watches no more. */
  stop(): void {
    this.close('the bot is stopping')
    this.#cancelRestart?.()
    this.#watch.stop()
  }

  #shut(reason: string): void {
    const pass = this.#pass
    if (!pass) return
    this.#pass = null
    this.#reason = reason
    const { session, log } = this.#deps
    try {
      if (session.orders.connectionId === pass.connectionId) session.orders.mark()
    } catch (err) {
      log.error({ err }, 'the mark of the order gate could not be left')
    }
    log.warn({ connectionId: pass.connectionId, reason }, 'order gate closed')
    for (const listener of [...this.#closeListeners]) {
      try {
        listener(reason)
      } catch (err) {
        log.error({ err }, 'a listener of the order gate failed')
      }
    }
  }

  #awaitRestart(): void {
    if (this.#restartAtMs === undefined) return
    const near = this.#restartNear()
    if (near) {
      this.close(near)
      return
    }
    const waitMs = this.#restartAtMs - beforeRestartMs - this.#deps.clock.now()
    // The wall clock may jump: it is looked at again every minute, and by every order.
    if (waitMs > 0)
      this.#cancelRestart = this.#deps.clock.schedule(Math.min(waitMs, 60_000), () => this.#awaitRestart())
  }

  /** A machine that sleeps does not see what happens meanwhile, and not all clocks run on. */
  #sleep(): string | undefined {
    const { clock } = this.#deps
    const driftMs = clock.now() - clock.monotonicMs() - this.#aheadMs
    if (Math.abs(driftMs) <= maxDriftMs) return undefined
    return `the clock has jumped by ${Math.round(driftMs / 1000)} s: this machine may have slept`
  }

  #restartNear(): string | undefined {
    const atMs = this.#restartAtMs
    if (atMs === undefined) return undefined
    const nowMs = this.#deps.clock.now()
    if (nowMs < atMs - beforeRestartMs || nowMs > atMs + restartOverMs) return undefined
    const { session } = this.#deps
    // By its age, as the wall clock may have jumped since it began.
    const startedAtMs = nowMs - session.snapshot().uptimeMs
    if (session.isConnected() && startedAtMs > atMs) return undefined
    return `the gateway is to restart at ${new Date(atMs).toISOString()}`
  }
}

function closed(why: string): FleetError {
  return new FleetError('ORDER_GATE_CLOSED', `The order gate is closed: ${why}. No order was sent.`)
}
