// Keeps the gameplan as it is on disk: read again when its file changes, is replaced or appears, and when the date changes in New York.
import { stat } from 'node:fs/promises'
import type { Cancel, Clock } from '../ports/clock.ts'
import { type GameplanReading, readGameplan } from './gameplan.ts'
import { newYorkDate } from './market-hours.ts'

export interface GameplanWatchOptions {
  readonly path: string
  readonly clock: Clock
  /** Called after `start` has resolved, whenever what was read differs from before. Must not throw. */
  readonly onChange: (reading: GameplanReading) => void
  /** Between two looks at the file [5 s]. */
  readonly intervalMs?: number
}

export class GameplanWatch {
  readonly #path: string
  readonly #clock: Clock
  readonly #onChange: (reading: GameplanReading) => void
  readonly #intervalMs: number
  #reading: GameplanReading = { ok: false, kind: 'missing', why: 'The gameplan has not been read yet.' }
  /** What the file looked like, and the date, before it was read last. */
  #seen: string | undefined
  #looking: Promise<GameplanReading> | undefined
  #cancel: Cancel | undefined
  #state: 'new' | 'watching' | 'stopped' = 'new'

  constructor({ path, clock, onChange, intervalMs = 5_000 }: GameplanWatchOptions) {
    this.#path = path
    this.#clock = clock
    this.#onChange = onChange
    this.#intervalMs = intervalMs
  }

  /** The latest reading. Yesterday's plan is stale as the day changes, not only at the next look. */
  get reading(): GameplanReading {
    const reading = this.#reading
    const today = newYorkDate(this.#clock.now())
    if (!reading.ok || reading.gameplan.date === today) return reading
    const why = `${this.#path} is for ${reading.gameplan.date}, and in New York it is ${today}; write one for today.`
    return { ok: false, kind: 'stale', why }
  }

  /** Reads for the first time, then watches; never rejects. */
  async start(): Promise<GameplanReading> {
    const reading = await this.look()
    if (this.#state === 'new') {
      this.#state = 'watching'
      this.#lookLater()
    }
    return reading
  }

  /** Looks at once, as before the market opens; never rejects. Looks that overlap are one. */
  look(): Promise<GameplanReading> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  stop(): void {
    this.#state = 'stopped'
    this.#cancel?.()
  }

  #lookLater(): void {
    if (this.#state !== 'watching') return
    this.#cancel = this.#clock.schedule(this.#intervalMs, () => {
      void this.look().then(() => this.#lookLater())
    })
  }

  async #look(): Promise<GameplanReading> {
    const today = newYorkDate(this.#clock.now())
    // Before reading: a file that changes meanwhile looks different next time.
    const seen = `${today} ${await appearance(this.#path)}`
    if (seen === this.#seen) return this.#reading
    const reading = await readGameplan(this.#path, today)
    const isNews = JSON.stringify(reading) !== JSON.stringify(this.#reading)
    this.#seen = seen
    this.#reading = reading
    if (isNews && this.#state === 'watching') this.#onChange(reading)
    return reading
  }
}

/** Differs when a file was written, replaced by another, or has gone; also when it was put back with its old time stamp. */
async function appearance(path: string): Promise<string> {
  try {
    const { ino, dev, size, mtimeNs, ctimeNs, mode } = await stat(path, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs, mode].join(' ')
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code)
  }
}
