// Stops asking a gateway that keeps failing our requests, and lets one request through from time to time to see whether it recovered.
import type { Clock } from '../ports/clock.ts'
import { FleetError } from '../ports/errors.ts'

export interface CircuitBreakerOptions {
  /** Failures in a row that open it. */
  readonly failures: number
  /** How long it stays open before one request may try. */
  readonly openMs: number
}

export type CircuitState = 'closed' | 'open' | 'half-open'

export class CircuitBreaker {
  readonly #clock: Clock
  readonly #options: CircuitBreakerOptions
  #failures = 0
  #openedAtMs: number | undefined
  #probing = false

  constructor(clock: Clock, options: CircuitBreakerOptions = { failures: 5, openMs: 30_000 }) {
    this.#clock = clock
    this.#options = options
  }

  get state(): CircuitState {
    if (this.#openedAtMs === undefined) return 'closed'
    return this.#waitMs(this.#openedAtMs) > 0 ? 'open' : 'half-open'
  }

  /** Throws as `enter` would now, without taking the permission. */
  check(): void {
    if (this.#openedAtMs === undefined) return
    const waitMs = this.#waitMs(this.#openedAtMs)
    if (waitMs > 0 || this.#probing)
      throw new FleetError(
        'CIRCUIT_OPEN',
        `The last ${this.#failures} requests failed, so no more are sent for now.`,
        { retryAfterMs: Math.max(1, waitMs) },
      )
  }

  /** Asks for permission to send; CIRCUIT_OPEN with `retryAfterMs`. Each permitted request must report one outcome. */
  enter(): void {
    this.check()
    if (this.#openedAtMs !== undefined) this.#probing = true
  }

  /** The gateway answered, be it with a refusal. */
  succeeded(): void {
    this.reset()
  }

  /** No answer. */
  failed(): void {
    this.#failures++
    if (this.#probing || (this.#openedAtMs === undefined && this.#failures >= this.#options.failures))
      this.#openedAtMs = this.#clock.monotonicMs()
    this.#probing = false
  }

  /** The caller gave up before there was an outcome. */
  abandoned(): void {
    this.#probing = false
  }

  reset(): void {
    this.#failures = 0
    this.#openedAtMs = undefined
    this.#probing = false
  }

  #waitMs(openedAtMs: number): number {
    return openedAtMs + this.#options.openMs - this.#clock.monotonicMs()
  }
}
