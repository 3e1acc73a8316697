// One connection's heartbeat: asks, waits for the deadline, tells late from lost. One timer at a time, none when stopped.
import type { Cancel, Clock } from '../ports/clock.ts'
import { FleetError } from '../ports/errors.ts'

/** Gateway 10.45 is reported to ignore a reqCurrentTime within a second of its last answer. */
const quietAfterAnswerMs = 1000
/** Beats fall on ticks so far apart, so that those of many sessions share a wake-up of the process. */
const longestTickMs = 250
/** A timer this much behind its time means that our own process stood still. */
const stallMs = 1000

export interface HeartbeatDeps {
  readonly clock: Clock
  readonly random: () => number
  /** Sends the question; resolves with its answer, rejects when the connection ends. */
  ask(): Promise<unknown>
  onAnswer(roundTripMs: number): void
  /** Half the deadline has passed without an answer. */
  onLate(): void
  /** The whole deadline has passed; the heartbeat has stopped. */
  onLost(error: FleetError): void
}

export interface HeartbeatOptions {
  /** From one beat to the next; 0 beats only when asked to. */
  readonly intervalMs: number
  readonly timeoutMs: number
}

export class Heartbeat {
  readonly #deps: HeartbeatDeps
  readonly #options: HeartbeatOptions
  #cancelTimer: Cancel | undefined
  #beat: Promise<number> | undefined
  #answeredAtMs: number | undefined
  #stopped = false
  #pingPause: AbortController | undefined

  constructor(deps: HeartbeatDeps, options: HeartbeatOptions) {
    this.#deps = deps
    this.#options = options
    // Somewhere within the first interval, so that sessions opened together do not beat together.
    this.#next(options.intervalMs * deps.random())
  }

  /** Beats now, or joins the beat under way; resolves with the round trip in milliseconds. CONNECTION_TIMEOUT when it is lost. */
  async ping(): Promise<number> {
    if (!this.#beat && this.#answeredAtMs !== undefined) {
      const quietMs = this.#answeredAtMs + quietAfterAnswerMs - this.#deps.clock.monotonicMs()
      if (quietMs > 0) {
        this.#pingPause ??= new AbortController()
        await this.#deps.clock.sleep(quietMs, this.#pingPause.signal)
      }
    }
    return this.#ask()
  }

  stop(): void {
    this.#stopped = true
    this.#cancelTimer?.()
    this.#pingPause?.abort(new FleetError('CONNECTION_CLOSED', 'The connection ended before its heartbeat.'))
  }

  #next(delayMs: number): void {
    const { intervalMs } = this.#options
    if (intervalMs === 0 || this.#stopped) return
    const tickMs = Math.min(longestTickMs, intervalMs / 100)
    const nowMs = this.#deps.clock.monotonicMs()
    const dueMs = Math.round((nowMs + delayMs) / tickMs) * tickMs
    this.#arm(Math.max(0, dueMs - nowMs), () => {
      // Who asked for no beat needs no rejection: losing it is reported by onLost, a closed connection by the connection.
      this.#ask().catch(() => {})
    })
  }

  #arm(delayMs: number, run: () => void): void {
    this.#cancelTimer?.()
    this.#cancelTimer = this.#deps.clock.schedule(delayMs, run)
  }

  #ask(): Promise<number> {
    this.#beat ??= new Promise<number>((resolve, reject) => {
      const { clock } = this.#deps
      const { intervalMs, timeoutMs } = this.#options
      const sentAtMs = clock.monotonicMs()
      const finish = (settle: () => void) => {
        this.#beat = undefined
        if (!this.#stopped) settle()
      }
      if (!this.#stopped)
        this.#await(timeoutMs / 2, () => {
          this.#deps.onLate()
          this.#await(timeoutMs / 2, () => {
            this.stop()
            const error = new FleetError(
              'CONNECTION_TIMEOUT',
              `The gateway did not answer a heartbeat within ${timeoutMs} ms.`,
            )
            reject(error)
            this.#deps.onLost(error)
          })
        })
      this.#deps.ask().then(
        () => {
          const answeredAtMs = clock.monotonicMs()
          const roundTripMs = answeredAtMs - sentAtMs
          finish(() => {
            this.#answeredAtMs = answeredAtMs
            this.#cancelTimer?.()
            this.#next(Math.max(0, intervalMs - roundTripMs))
            this.#deps.onAnswer(roundTripMs)
          })
          resolve(roundTripMs)
        },
        (error: unknown) => {
          finish(() => this.#cancelTimer?.())
          reject(error)
        },
      )
    })
    return this.#beat
  }

  /** Runs `run` after `waitMs`; when we were held up ourselves, the answer may be waiting to be read, so it gets one more turn. */
  #await(waitMs: number, run: () => void): void {
    const dueAtMs = this.#deps.clock.monotonicMs() + waitMs
    this.#arm(waitMs, () => {
      if (this.#deps.clock.monotonicMs() - dueAtMs < stallMs) run()
      else this.#arm(waitMs, run)
    })
  }
}
