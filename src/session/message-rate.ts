// IB's limit of 50 messages per second and client, as an exact sliding window over everything that one session sends.
import type { Cancel, Clock } from '../ports/clock.ts'
import type { FleetError } from '../ports/errors.ts'

/** IBKR closes connections that send more (code 100, at the third time). */
const MAX_MESSAGES = 50
const WINDOW_MS = 1000
/** Kept free for heartbeats, which must never wait behind data requests. */
const RESERVED = 2

interface Waiter {
  proceed(): void
  reject(error: unknown): void
}

export class MessageRate {
  readonly #clock: Clock
  /** When the messages of the last window were sent, oldest first. */
  readonly #sentMs: number[] = []
  readonly #waiting = new Set<Waiter>()
  #cancelTimer: Cancel | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Counts a message that is sent now whatever the window says: a heartbeat, or the handshake. */
  record(): void {
    this.#forget()
    this.#sentMs.push(this.#clock.monotonicMs())
  }

  /** Whether a message that may wait could be sent now. */
  get hasRoom(): boolean {
    this.#forget()
    return this.#sentMs.length < MAX_MESSAGES - RESERVED
  }

  /** Takes a place in the window as soon as there is one, in the order of asking. Rejects with the signal's reason, or what `rejectAll` got. */
  take(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      if (this.#waiting.size === 0 && this.hasRoom) {
        this.record()
        return resolve()
      }
      const leave = () => {
        this.#waiting.delete(waiter)
        signal?.removeEventListener('abort', onAbort)
      }
      const onAbort = () => waiter.reject(signal?.reason)
      const waiter: Waiter = {
        proceed() {
          leave()
          resolve()
        },
        reject(error) {
          leave()
          reject(error)
        },
      }
      this.#waiting.add(waiter)
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#pump()
    })
  }

  /** Empties the queue; for the end of a connection. */
  rejectAll(error: FleetError): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    for (const waiter of [...this.#waiting]) waiter.reject(error)
  }

  #pump(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    for (const waiter of [...this.#waiting]) {
      if (!this.hasRoom) break
      this.record()
      waiter.proceed()
    }
    const oldestMs = this.#sentMs[this.#sentMs.length - (MAX_MESSAGES - RESERVED)]
    if (this.#waiting.size === 0 || oldestMs === undefined) return
    const waitMs = Math.max(1, oldestMs + WINDOW_MS - this.#clock.monotonicMs())
    this.#cancelTimer = this.#clock.schedule(waitMs, () => this.#pump())
  }

  #forget(): void {
    const horizonMs = this.#clock.monotonicMs() - WINDOW_MS
    while (this.#sentMs.length > 0 && (this.#sentMs[0] as number) <= horizonMs) this.#sentMs.shift()
  }
}
