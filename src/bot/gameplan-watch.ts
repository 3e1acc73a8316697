// Keeps the gameplan as it is on disk: read again when its file changes, is replaced or appears, and when the date changes in New York.
import type { Clock } from '../ports/clock.ts'
import type { GameplanReading } from './gameplan.ts'

export class GameplanWatch {
  constructor(_deps: {
    readonly path: string
    readonly clock: Clock
    /** Called after `start` has resolved, whenever what was read differs from before. */
    readonly onChange: (reading: GameplanReading) => void
    /** Between two looks at the file [5 s]. */
    readonly intervalMs?: number
  }) {}

  /** The latest reading; throws before `start`. */
  get reading(): GameplanReading {
    throw new Error('not written yet')
  }

  /** Reads for the first time, then watches; never rejects. */
  start(): Promise<GameplanReading> {
    throw new Error('not written yet')
  }

  /** Reads at once, as before the market opens; never rejects. */
  look(): Promise<GameplanReading> {
    throw new Error('not written yet')
  }

  stop(): void {}
}
