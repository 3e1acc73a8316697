// The bot's own health as HTTP: one small answer for Docker's health check, the manager and people.
import type { Log } from '../ports/log.ts'

/** The answer of GET /health. */
export interface BotHealth {
  readonly gatewayConnected: boolean
  /** ISO 8601; null before the first. */
  readonly lastGatewayCheck: string | null
  readonly uptimeSeconds: number
  /** Name of the active strategy. */
  readonly strategyActive: string
  /** Positions of the account that are not zero. */
  readonly positionsOpen: number
  readonly lastError: string | null
}

export interface HealthServer {
  readonly host: string
  /** The port listened on, also when 0 was asked for. */
  readonly port: number
  close(): Promise<void>
}

/** Listens, or rejects with a FleetError that says what stands in the way. `healthy` decides between 200 and 503. */
export async function startHealthServer(options: {
  readonly host: string
  readonly port: number
  readonly health: () => BotHealth
  readonly healthy: (health: BotHealth) => boolean
  readonly log: Log
}): Promise<HealthServer> {
  void options
  throw new Error('not written yet')
}
