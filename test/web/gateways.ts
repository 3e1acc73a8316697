// Gateways as the stream sends them, for tests of what the dashboard makes of them.
import type { Gateway } from '../../schemas/gateway.ts'

/** One that runs, but for what `more` says. */
export function aGateway(followerId: string, more: Partial<Gateway> = {}): Gateway {
  return {
    followerId,
    tradingMode: 'paper',
    status: 'RUNNING',
    phase: 'ready',
    healthy: true,
    connected: true,
    since: '2026-01-05T03:00:00.000Z',
    desired: 'running',
    accounts: [],
    reconnects: 0,
    restarts: 0,
    connectionFailures: 0,
    conditions: [],
    drift: false,
    ...more,
  }
}
