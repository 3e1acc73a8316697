// When something may be sent to one gateway: exact windows and a bounded queue, shared by all that talk to it. Safe under concurrent callers.
import type { Cancel, Clock } from '../../ports/clock.ts'
import { FleetError } from '../../ports/errors.ts'
import { type Claim, priorities } from './claims.ts'
import { Penalty } from './penalty.ts'
import { maxOpenHistorical, messageRule, type PacingOptions, type Rule, rulesFor } from './rules.ts'
import { SlidingWindows } from './sliding-window.ts'

export type { Claim, Priority } from './claims.ts'
export type { PacingOptions } from './rules.ts'

export interface Permit {
  /** The request is over, `answered` when IB gave what was asked: frees its place among the open ones. Calling it again changes nothing. */
  done(outcome?: 'answered'): void
}

export interface PacingStats {
  /** Claims that had to wait, since the start. */
  readonly waits: number
  /** Pacing errors that IB reported, since the start. */
  readonly violations: number
  /** Claims that wait now. */
  readonly queued: number
  /** Historical requests that are open now. */
  readonly open: number
  /** Until when historical requests pause after a pacing error, epoch milliseconds; absent when they do not. */
  readonly pausedUntil?: number
  /** When a waiting claim is next let through, epoch milliseconds; absent when none waits, or all wait for an answer. */
  readonly nextAdmission?: number
}

interface Waiter {
  readonly askedAtMs: number
  readonly historical: boolean
  readonly rules: readonly Rule[]
  admit(permit: Permit): void
}

/** What keeps a claim waiting, and until when as far as that is known. */
interface Hurdle {
  readonly key: string
  readonly own: boolean
  readonly freeAtMs: number
}

const defaultMaxQueued = 1000
const openKey = 'open requests'
const pauseKey = 'pause'

export class Pacer {
  readonly #clock: Clock
  readonly #options: PacingOptions
  readonly #windows = new SlidingWindows()
  readonly #queues = new Map(priorities.map((priority) => [priority, new Set<Waiter>()]))
  readonly #penalty = new Penalty()
  /** Have not been looked at yet. */
  readonly #fresh = new Set<Waiter>()
  #waits = 0
  #open = 0
  #lastUseMs: number
  #pumpDue = false
  #cancelTimer: Cancel | undefined
  #nextAdmissionMs: number | undefined

  constructor(clock: Clock, options: PacingOptions = {}) {
    this.#clock = clock
    this.#options = options
    this.#lastUseMs = clock.monotonicMs()
  }

  /**
   * Resolves when this may be sent, which must then happen at once: by priority, and in the order of asking within one. Rejects with
   * PACING_QUEUE_FULL and `retryAfterMs`, or the signal's reason; what was rejected counts nowhere.
   */
  take(claim: Claim, signal?: AbortSignal): Promise<Permit> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const { maxQueued = defaultMaxQueued } = this.#options
      // Messages end what is open, which is bounded itself, so they always find a place.
      if (claim.kind !== 'message' && this.#queued >= maxQueued) return reject(this.#full(maxQueued))
      const queue = this.#queues.get(claim.priority) as Set<Waiter>
      const leave = () => {
        queue.delete(waiter)
        this.#fresh.delete(waiter)
        signal?.removeEventListener('abort', onAbort)
      }
      const onAbort = () => {
        leave()
        this.#pumpSoon()
        reject(signal?.reason)
      }
      const waiter: Waiter = {
        askedAtMs: this.#clock.monotonicMs(),
        historical: claim.kind === 'historical',
        rules: rulesFor(claim, this.#options),
        admit(permit) {
          leave()
          resolve(permit)
        },
      }
      queue.add(waiter)
      this.#fresh.add(waiter)
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#pumpSoon()
    })
  }

  /** Counts a message that is sent now whatever the windows say: a heartbeat, or the handshake. */
  record(): void {
    this.#count([messageRule])
  }

  /** Whether a message that may wait could be sent now. */
  get hasRoom(): boolean {
    const nowMs = this.#clock.monotonicMs()
    return this.#windows.freeAtMs(messageRule, nowMs) <= nowMs
  }

  /** IB reported a pacing error (100, and 162 or 420 that say so): historical requests pause, 15 s at first, twice as long each time, 10 min at most. */
  violated(): void {
    this.#penalty.violated(this.#clock.monotonicMs())
    this.#options.measures?.pacingViolated()
    this.#lastUseMs = this.#clock.monotonicMs()
    this.#pumpSoon()
  }

  stats(): PacingStats {
    const nowMs = this.#clock.monotonicMs()
    const epoch = (ms: number) => Math.round(this.#clock.now() + ms - nowMs)
    const { untilMs, violations } = this.#penalty
    return {
      waits: this.#waits,
      violations,
      queued: this.#queued,
      open: this.#open,
      ...(untilMs > nowMs && { pausedUntil: epoch(untilMs) }),
      ...(this.#nextAdmissionMs !== undefined && { nextAdmission: epoch(this.#nextAdmissionMs) }),
    }
  }

  /** For how long nothing was sent, is open or waits. */
  get idleMs(): number {
    if (this.#open > 0 || this.#queued > 0) return 0
    return this.#clock.monotonicMs() - this.#lastUseMs
  }

  get #queued(): number {
    let queued = 0
    for (const queue of this.#queues.values()) queued += queue.size
    return queued
  }

  /** Once for all that happens in one turn, as many ask at the same time. */
  #pumpSoon(): void {
    if (this.#pumpDue) return
    this.#pumpDue = true
    queueMicrotask(() => {
      this.#pumpDue = false
      this.#pump()
    })
  }

  /**
   * Lets through who may go. Who may not holds what it waits for, so that nobody behind takes it first; but one that waits for a
   * limit of its own series holds that alone, and the others pass.
   */
  #pump(): void {
    const nowMs = this.#clock.monotonicMs()
    const held = new Set<string>()
    let wakeAtMs = Number.POSITIVE_INFINITY
    let nextAtMs = Number.POSITIVE_INFINITY
    for (const queue of this.#queues.values()) {
      for (const waiter of queue) {
        if (isHeld(waiter, held)) continue
        const hurdles = this.#hurdles(waiter, nowMs)
        if (hurdles.length === 0) {
          this.#admit(waiter, nowMs)
          continue
        }
        const own = hurdles.filter((hurdle) => hurdle.own)
        for (const { key } of own.length > 0 ? own : hurdles) held.add(key)
        const times = hurdles.map(({ freeAtMs }) => freeAtMs)
        // The first change may already let another pass.
        wakeAtMs = Math.min(wakeAtMs, ...times)
        nextAtMs = Math.min(nextAtMs, Math.max(...times))
      }
    }
    this.#waits += this.#fresh.size
    this.#fresh.clear()
    this.#nextAdmissionMs = Number.isFinite(nextAtMs) ? nextAtMs : undefined
    this.#cancelTimer?.()
    this.#cancelTimer = Number.isFinite(wakeAtMs)
      ? this.#clock.schedule(Math.max(1, Math.ceil(wakeAtMs - nowMs)), () => this.#pump())
      : undefined
  }

  #hurdles({ historical, rules }: Waiter, nowMs: number): Hurdle[] {
    const hurdles: Hurdle[] = []
    for (const rule of rules) {
      const freeAtMs = this.#windows.freeAtMs(rule, nowMs)
      if (freeAtMs > nowMs) hurdles.push({ key: rule.key, own: rule.own, freeAtMs })
    }
    if (!historical) return hurdles
    if (this.#open >= maxOpenHistorical)
      hurdles.push({ key: openKey, own: false, freeAtMs: Number.POSITIVE_INFINITY })
    if (this.#penalty.untilMs > nowMs)
      hurdles.push({ key: pauseKey, own: false, freeAtMs: this.#penalty.untilMs })
    return hurdles
  }

  #admit(waiter: Waiter, nowMs: number): void {
    const { historical, rules, admit } = waiter
    if (!this.#fresh.has(waiter)) this.#options.measures?.pacingWaited(nowMs - waiter.askedAtMs)
    this.#count(rules)
    let over = !historical
    if (historical) this.#open++
    admit({
      done: (outcome) => {
        if (over) return
        over = true
        this.#open--
        this.#lastUseMs = this.#clock.monotonicMs()
        if (outcome === 'answered') this.#penalty.answered(nowMs)
        this.#pumpSoon()
      },
    })
  }

  #count(rules: readonly Rule[]): void {
    this.#lastUseMs = this.#clock.monotonicMs()
    this.#windows.count(rules, this.#lastUseMs)
  }

  #full(maxQueued: number): FleetError {
    const nowMs = this.#clock.monotonicMs()
    return new FleetError(
      'PACING_QUEUE_FULL',
      `${maxQueued} requests to this gateway already wait for what IB allows in a given time. Ask again later, or for less.`,
      { retryAfterMs: Math.max(1000, Math.ceil((this.#nextAdmissionMs ?? nowMs) - nowMs)) },
    )
  }
}

function isHeld({ historical, rules }: Waiter, held: ReadonlySet<string>): boolean {
  if (held.size === 0) return false
  if (historical && (held.has(openKey) || held.has(pauseKey))) return true
  return rules.some(({ key }) => held.has(key))
}
