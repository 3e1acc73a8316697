// The keyed work queue: one run per key at a time, bursts coalesce, each run ends in done, again after N ms, or an error that backs off.
import type { Cancel, Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'

/** Handles one key; returns milliseconds until it wants to run again, or undefined for "not before something happens". */
export type Work = (key: string, signal: AbortSignal) => Promise<number | undefined>

interface Slot {
  running: boolean
  /** Asked for while running: run once more right after. */
  again: boolean
  errors: number
  timer: Cancel | null
  dueAt: number
  interrupt: AbortController | null
  exclusive: Array<() => Promise<void>>
  /** Forgotten during its own run. */
  forgotten: boolean
}

const errorBackoffMs = (errors: number) => Math.min(60_000, 500 * 2 ** Math.min(errors, 10))

/**
 * Invariants: never two runs of one key at once, `exclusive` work included; an `enqueue` during a run leads to exactly one more; after `stop`
 * nothing runs and every run has ended. Keys are independent: a slow one never delays another.
 */
export class KeyedQueue {
  readonly #work: Work
  readonly #clock: Clock
  readonly #log: Log
  readonly #slots = new Map<string, Slot>()
  readonly #runs = new Set<Promise<void>>()
  readonly #stopped = new AbortController()

  constructor(deps: { work: Work; clock: Clock; log: Log }) {
    this.#work = deps.work
    this.#clock = deps.clock
    this.#log = deps.log
  }

  /** Asks for a run of `key`, at once or after `afterMs`; the earliest wish wins. */
  enqueue(key: string, afterMs = 0): void {
    if (this.#stopped.signal.aborted) return
    const slot = this.#slot(key)
    slot.forgotten = false
    if (afterMs > 0) this.#later(key, slot, afterMs)
    else if (slot.running) slot.again = true
    else this.#start(key, slot)
  }

  /** Aborts the run of `key` that is under way, if any, and asks for another. */
  interrupt(key: string): void {
    this.#slots.get(key)?.interrupt?.abort(new Error('interrupted: the wish changed'))
    this.enqueue(key)
  }

  /** Runs `task` when no run of `key` is under way and holds others off meanwhile; a normal run follows. */
  exclusive<T>(key: string, task: () => Promise<T>): Promise<T> {
    if (this.#stopped.signal.aborted) return Promise.reject(this.#stopped.signal.reason)
    return new Promise<T>((resolve, reject) => {
      const slot = this.#slot(key)
      slot.exclusive.push(() => Promise.resolve().then(task).then(resolve, reject))
      this.enqueue(key)
    })
  }

  /** Forgets an idle key: no timer, no memory. */
  forget(key: string): void {
    const slot = this.#slots.get(key)
    if (!slot) return
    slot.timer?.()
    slot.timer = null
    if (slot.running) slot.forgotten = true
    else this.#slots.delete(key)
  }

  /** Aborts every run and resolves when all have ended. */
  async stop(): Promise<void> {
    this.#stopped.abort(new Error('the queue has stopped'))
    for (const slot of this.#slots.values()) {
      slot.timer?.()
      slot.timer = null
      // By hand, not with AbortSignal.any: a signal that lives as long as the process would gather a dependant from every run.
      slot.interrupt?.abort(this.#stopped.signal.reason)
    }
    await Promise.all(this.#runs)
    this.#slots.clear()
  }

  #slot(key: string): Slot {
    let slot = this.#slots.get(key)
    if (!slot) {
      slot = {
        running: false,
        again: false,
        errors: 0,
        timer: null,
        dueAt: 0,
        interrupt: null,
        exclusive: [],
        forgotten: false,
      }
      this.#slots.set(key, slot)
    }
    return slot
  }

  #later(key: string, slot: Slot, afterMs: number): void {
    const dueAt = this.#clock.monotonicMs() + afterMs
    if (slot.timer !== null && slot.dueAt <= dueAt) return
    slot.timer?.()
    slot.dueAt = dueAt
    slot.timer = this.#clock.schedule(afterMs, () => {
      slot.timer = null
      this.enqueue(key)
    })
  }

  #start(key: string, slot: Slot): void {
    slot.running = true
    slot.timer?.()
    slot.timer = null
    const run = this.#run(key, slot).finally(() => this.#runs.delete(run))
    this.#runs.add(run)
  }

  async #run(key: string, slot: Slot): Promise<void> {
    let afterMs: number | undefined
    do {
      slot.again = false
      afterMs = undefined
      for (const task of slot.exclusive.splice(0)) await task()
      const interrupt = new AbortController()
      if (this.#stopped.signal.aborted) interrupt.abort(this.#stopped.signal.reason)
      slot.interrupt = interrupt
      const { signal } = interrupt
      try {
        afterMs = await this.#work(key, signal)
        slot.errors = 0
      } catch (err) {
        if (signal.aborted) slot.again = !this.#stopped.signal.aborted
        else {
          slot.errors += 1
          afterMs = errorBackoffMs(slot.errors)
          this.#log.error({ err, followerId: key, againInMs: afterMs }, 'reconcile failed')
        }
      }
      slot.interrupt = null
    } while ((slot.again || slot.exclusive.length > 0) && !this.#stopped.signal.aborted)
    for (const task of slot.exclusive.splice(0)) await task()
    slot.running = false
    if (slot.forgotten) this.#slots.delete(key)
    else if (afterMs !== undefined && !this.#stopped.signal.aborted)
      this.#later(key, slot, Math.max(1, afterMs))
  }
}
