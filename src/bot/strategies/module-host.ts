// Runs one strategy module in a worker thread of its own: whatever it does, hanging included, it can be stopped and cannot stop the bot.
import type { Clock } from '../../ports/clock.ts'
import type { OrderIntent } from '../intents.ts'
import type { Moment, Strategy } from './strategy.ts'

/** A strategy module did not load, threw, hung, ended or returned what is no intent. It runs no more. The message is a sentence for a person. */
export class StrategyFailed extends Error {
  override readonly name = 'StrategyFailed'
}

export interface ModuleOptions {
  readonly clock: Clock
  /** [10 s] */
  readonly loadTimeoutMs?: number
  /** [10 s] */
  readonly decideTimeoutMs?: number
}

export interface HostedStrategy extends Strategy {
  /** StrategyFailed; once failed, always. An aborted `signal` rejects with its reason and leaves the module running. */
  decide(moment: Moment, signal: AbortSignal): Promise<readonly OrderIntent[]>
  /** Ends its thread. */
  close(): Promise<void>
}

/** Loads the module at a path or file URL, relative to the working directory. StrategyFailed. */
export async function loadStrategyModule(path: string, options: ModuleOptions): Promise<HostedStrategy> {
  void [path, options]
  throw new Error('not written yet')
}
