// Chooses the strategy: the one that today's gameplan names, or Strategy C whenever there is a reason for it.
import type { Clock } from '../../ports/clock.ts'
import type { GameplanReading } from '../gameplan.ts'
import type { OrderIntent } from '../intents.ts'
import type { Moment } from './strategy.ts'
import type { CloseOut } from './strategy-c.ts'

/** What is active, and when it is Strategy C against the gameplan, why. `event` is a constant text for the log. */
export interface StrategyChoice {
  readonly name: string
  readonly event: string
  readonly why?: string
}

export interface StrategyDeskOptions {
  /** Paths of strategy modules, from STRATEGY_MODULES. */
  readonly modules: readonly string[]
  readonly clock: Clock
  /** The choice changed, also when a strategy failed in `decide`. */
  readonly onChange: (choice: StrategyChoice) => void
  readonly loadTimeoutMs?: number
  readonly decideTimeoutMs?: number
}

export class StrategyDesk {
  /** Loads every module. StrategyFailed when one does not load, or two have one name, or one is called C; then nothing is left running. */
  static async open(_options: StrategyDeskOptions): Promise<StrategyDesk> {
    throw new Error('not written yet')
  }

  get choice(): StrategyChoice {
    throw new Error('not written yet')
  }

  /** The names that a gameplan may use, C included. */
  get names(): readonly string[] {
    throw new Error('not written yet')
  }

  /** Takes up a reading of the gameplan. A strategy that failed stays replaced by C until a gameplan of another day. */
  follow(_reading: GameplanReading): void {}

  /** Strategy C from now on, whatever the gameplan says, until `resume`. */
  preserveCash(_why: string, _closeOut: CloseOut): void {}

  /** What the gameplan says counts again; nothing happens when it did. */
  resume(): void {}

  /** Asks the active strategy; one that fails is replaced by C, which wishes for nothing this time. Rejects only with the reason of an aborted `signal`. */
  async decide(_moment: Moment, _signal: AbortSignal): Promise<readonly OrderIntent[]> {
    throw new Error('not written yet')
  }

  async close(): Promise<void> {}
}
