// How a bot is asked whether it is well.

export interface BotAnswer {
  readonly healthy: boolean
  /** Completes the sentence `The bot …`: its last error, or why it was not reached. For a person. */
  readonly detail?: string
}

/** Asks a bot's health URL; healthy when it says so, not when it says no, or nothing within a few seconds. Never rejects. */
export type AskBot = (healthUrl: string, signal: AbortSignal) => Promise<BotAnswer>
