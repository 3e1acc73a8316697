// Figures of which each has at least one value, so that its labels show.

import { createMetrics } from '../../../src/adapters/prometheus/metrics.ts'
import type { MetricFamily } from '../../../src/ports/metrics.ts'
import { gatewayLevels, levels } from './levels.ts'

/** Everything that the product counts by itself; what is of the process alone is left out. */
export async function everyFamily(): Promise<MetricFamily[]> {
  const now = levels({
    fleet: {
      gateways: [gatewayLevels('a')],
      alertSinks: [{ name: 'log', waiting: 1, lastError: 'away' }],
      reachable: { engine: true, store: true, credentials: true },
    },
    marketData: { dataConnection: { state: 'connected', upstream: 'up', reconnects: 0 }, lastScanAt: 1 },
  })
  const metrics = createMetrics({ version: '1', runtime: 'simulated', levels: () => now, ofProcess: false })
  const { measures } = metrics
  measures.phaseEntered('locked', 'CRASH_LOOP')
  measures.launchOver('ready', 1)
  measures.restarted('CRASH_LOOP')
  measures.twofaApproved(1)
  measures.heartbeatAnswered(1)
  measures.requestOver('quote', 'answered', 1)
  measures.streamBegun('realTimeBars')
  measures.errorReported('pacing')
  measures.connectionFailed('CONNECTION_REFUSED')
  measures.pacingWaited(1)
  metrics.requestAnswered({ method: 'GET', route: '/livez', status: 200, ms: 1 })
  return metrics.families()
}
