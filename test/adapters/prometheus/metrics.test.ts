// The figures as Prometheus reads them: what is always there, what is bounded, what is counted.
import t from 'tap'
import { gatewayPhases, gatewayStatuses } from '../../../schemas/gateway.ts'
import { createMetrics } from '../../../src/adapters/prometheus/metrics.ts'
import type { Levels } from '../../../src/ports/levels.ts'
import { gatewayLevels, levels } from './levels.ts'

/** Figures over levels that a test may change. */
function metricsOver(first: Levels = levels(), maxGateways?: number) {
  const world = { now: first }
  const metrics = createMetrics({
    version: '1.2.3',
    runtime: 'simulated',
    levels: () => world.now,
    ofProcess: false,
    ...(maxGateways !== undefined && { maxGateways }),
  })
  const samples = async (name: string) =>
    (await metrics.text())
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
  return { metrics, world, samples }
}

t.test('every status and phase is there, 0 included, and each gateway counts once', async (t) => {
  const gateways = [
    gatewayLevels('a'),
    gatewayLevels('b', { status: 'FAILED', phase: 'locked', reason: 'CRASH_LOOP', healthy: false }),
  ]
  const { samples } = metricsOver(levels({ fleet: { gateways } }))
  const counts = { RUNNING: 1, FAILED: 1, STARTING: 0, STOPPED: 0 }
  t.strictSame(
    await samples('ibgm_gateways'),
    gatewayStatuses.map((status) => `ibgm_gateways{status="${status}"} ${counts[status]}`),
  )
  const byPhase = await samples('ibgm_gateways_by_phase')
  t.equal(byPhase.length, gatewayPhases.length)
  t.ok(byPhase.includes('ibgm_gateways_by_phase{phase="locked"} 1'))
  t.ok(byPhase.includes('ibgm_gateways_by_phase{phase="awaiting-2fa"} 0'))
  t.strictSame(await samples('ibgm_gateways_wanted'), ['ibgm_gateways_wanted 2'])
  t.strictSame(await samples('ibgm_gateways_healthy'), ['ibgm_gateways_healthy 1'])
})

t.test('a gateway has series of its own while its follower is there, and one phase at a time', async (t) => {
  const up = gatewayLevels('a', { reconnects: 3, restarts: 2 })
  const { samples, world } = metricsOver(levels({ fleet: { gateways: [up] } }))
  t.strictSame(await samples('ibgm_gateway_up'), ['ibgm_gateway_up{follower="a"} 1'])
  t.strictSame(await samples('ibgm_gateway_heartbeat_rtt_seconds'), [
    'ibgm_gateway_heartbeat_rtt_seconds{follower="a"} 0.002',
  ])
  t.strictSame(await samples('ibgm_gateway_reconnects_total'), [
    'ibgm_gateway_reconnects_total{follower="a"} 3',
  ])
  t.strictSame(
    await samples('ibgm_gateway_restarts_total'),
    ['ibgm_gateway_restarts_total{follower="a"} 2'],
    'read again, not added',
  )

  const { heartbeatRttMs: _, ...silent } = up
  const waiting = { ...silent, status: 'STARTING', phase: 'awaiting-2fa', reason: 'AWAITING_2FA' } as const
  world.now = levels({ fleet: { gateways: [waiting] } })
  t.strictSame(await samples('ibgm_gateway_phase'), [
    'ibgm_gateway_phase{follower="a",phase="awaiting-2fa",reason="AWAITING_2FA"} 1',
  ])
  t.strictSame(await samples('ibgm_gateway_heartbeat_rtt_seconds'), [])

  world.now = levels({ fleet: { gateways: [gatewayLevels('b')] } })
  for (const name of ['up', 'wanted', 'healthy', 'phase', 'reconnects_total', 'restarts_total'])
    t.notMatch((await samples(`ibgm_gateway_${name}`)).join(), /follower="a"/, name)
})

t.test('with more gateways than there may be series, the sums alone, and it says so', async (t) => {
  const { samples, world } = metricsOver(
    levels({ fleet: { gateways: ['a', 'b', 'c'].map((id) => gatewayLevels(id)) } }),
    2,
  )
  t.strictSame(await samples('ibgm_gateway_up'), [])
  t.strictSame(await samples('ibgm_gateway_series_omitted'), ['ibgm_gateway_series_omitted 3'])
  t.ok((await samples('ibgm_gateways')).includes('ibgm_gateways{status="RUNNING"} 3'))
  world.now = levels({ fleet: { gateways: [gatewayLevels('a')] } })
  t.equal((await samples('ibgm_gateway_up')).length, 1)
  t.strictSame(await samples('ibgm_gateway_series_omitted'), ['ibgm_gateway_series_omitted 0'])
})

t.test('a follower name cannot break out of its label', async (t) => {
  const { samples } = metricsOver(levels({ fleet: { gateways: [gatewayLevels('a"} 1\\')] } }))
  t.strictSame(await samples('ibgm_gateway_up'), ['ibgm_gateway_up{follower="a\\"} 1\\\\"} 1'])
})

t.test('market data, alerts and what it all stands on', async (t) => {
  const { samples, world } = metricsOver(
    levels({
      fleet: {
        openAlerts: { INFO: 0, WARNING: 2, ERROR: 0, CRITICAL: 1 },
        reachable: { engine: false, store: true, credentials: false },
        alertSinks: [
          { name: 'log', waiting: 0, lastDeliveredAt: '2026-01-05T17:00:00.000Z' },
          { name: 'discord', waiting: 3, lastDeliveredAt: '2026-01-05T17:00:00.000Z', lastError: 'away' },
          { name: 'webhook', waiting: 0 },
        ],
        streams: 4,
      },
      marketData: {
        dataConnection: { state: 'connected', upstream: 'lost', reconnects: 5 },
        openGaps: { outage: 1, missing: 7, 'no-data': 2 },
        lastScanAt: 1_700_000_000_000,
        gapsFilled: 11,
        barsWritten: 900,
      },
    }),
  )
  t.strictSame(await samples('ibgm_alerts_open'), [
    'ibgm_alerts_open{level="INFO"} 0',
    'ibgm_alerts_open{level="WARNING"} 2',
    'ibgm_alerts_open{level="ERROR"} 0',
    'ibgm_alerts_open{level="CRITICAL"} 1',
  ])
  t.strictSame(await samples('ibgm_dependency_reachable'), [
    'ibgm_dependency_reachable{dependency="engine"} 0',
    'ibgm_dependency_reachable{dependency="store"} 1',
    'ibgm_dependency_reachable{dependency="credentials"} 0',
  ])
  t.strictSame(await samples('ibgm_alerts_undelivered'), [
    'ibgm_alerts_undelivered{sink="log"} 0',
    'ibgm_alerts_undelivered{sink="discord"} 3',
    'ibgm_alerts_undelivered{sink="webhook"} 0',
  ])
  t.strictSame(await samples('ibgm_alert_sink_reachable'), [
    'ibgm_alert_sink_reachable{sink="log"} 1',
    'ibgm_alert_sink_reachable{sink="discord"} 0',
  ])
  t.strictSame(await samples('ibgm_event_streams'), ['ibgm_event_streams 4'])
  t.ok(
    (await samples('ibgm_data_connection_state')).includes('ibgm_data_connection_state{state="connected"} 1'),
  )
  t.strictSame(await samples('ibgm_data_connection_upstream'), ['ibgm_data_connection_upstream 0'])
  t.strictSame(await samples('ibgm_gaps_open'), [
    'ibgm_gaps_open{class="outage"} 1',
    'ibgm_gaps_open{class="missing"} 7',
    'ibgm_gaps_open{class="no-data"} 2',
  ])
  t.strictSame(await samples('ibgm_gap_scan_timestamp_seconds'), [
    'ibgm_gap_scan_timestamp_seconds 1700000000',
  ])
  t.strictSame(await samples('ibgm_gaps_filled_total'), ['ibgm_gaps_filled_total 11'])
  t.strictSame(await samples('ibgm_bars_written_total'), ['ibgm_bars_written_total 900'])
  world.now = levels({ marketData: { dataConnection: { state: 'waiting', reconnects: 5 } } })
  t.strictSame(await samples('ibgm_data_connection_upstream'), [], 'nobody knows')
})

t.test('what the core tells is counted', async (t) => {
  const { metrics, samples } = metricsOver()
  const { measures } = metrics
  measures.phaseEntered('locked', 'CREDENTIALS_REJECTED')
  measures.phaseEntered('ready', undefined)
  measures.launchOver('ready', 17_000)
  measures.launchOver('failed', 1_000)
  measures.restarted('HEARTBEAT_LOST')
  measures.requestOver('historicalBars', 'answered', 300)
  measures.requestOver('historicalBars', 'timeout', 15_000)
  measures.requestOver('quote', 'refused', 0)
  measures.errorReported('pacing')
  measures.pacingWaited(12_000)
  measures.twofaApproved(25_000)
  measures.connectionFailed('CONNECTION_REFUSED')
  t.strictSame(await samples('ibgm_gateway_failures_total'), [
    'ibgm_gateway_failures_total{reason="CREDENTIALS_REJECTED"} 1',
  ])
  t.strictSame(await samples('ibgm_launches_total'), [
    'ibgm_launches_total{outcome="ready"} 1',
    'ibgm_launches_total{outcome="failed"} 1',
    'ibgm_launches_total{outcome="cancelled"} 0',
  ])
  const ready = await samples('ibgm_gateway_ready_seconds_bucket')
  t.ok(ready.includes('ibgm_gateway_ready_seconds_bucket{le="15"} 0'))
  t.ok(ready.includes('ibgm_gateway_ready_seconds_bucket{le="20"} 1'))
  t.equal(ready.at(-2), 'ibgm_gateway_ready_seconds_bucket{le="600"} 1')
  t.strictSame(await samples('ibgm_restarts_total'), ['ibgm_restarts_total{cause="HEARTBEAT_LOST"} 1'])
  t.strictSame(await samples('ibgm_ib_requests_total'), [
    'ibgm_ib_requests_total{kind="historicalBars",outcome="answered"} 1',
    'ibgm_ib_requests_total{kind="historicalBars",outcome="timeout"} 1',
    'ibgm_ib_requests_total{kind="quote",outcome="refused"} 1',
  ])
  t.strictSame(await samples('ibgm_ib_request_seconds_count'), [
    'ibgm_ib_request_seconds_count{kind="historicalBars"} 1',
  ])
  t.ok((await samples('ibgm_ib_errors_total')).includes('ibgm_ib_errors_total{class="pacing"} 1'))
  t.strictSame(await samples('ibgm_pacing_wait_seconds_sum'), ['ibgm_pacing_wait_seconds_sum 12'])
  t.strictSame(await samples('ibgm_twofa_approval_seconds_count'), ['ibgm_twofa_approval_seconds_count 1'])
  t.strictSame(await samples('ibgm_connection_failures_total'), [
    'ibgm_connection_failures_total{code="CONNECTION_REFUSED"} 1',
  ])
})

t.test('two managers in one process count apart', async (t) => {
  const one = metricsOver()
  const other = metricsOver()
  one.metrics.measures.reconnected()
  t.strictSame(await one.samples('ibgm_reconnects_total'), ['ibgm_reconnects_total 1'])
  t.strictSame(await other.samples('ibgm_reconnects_total'), ['ibgm_reconnects_total 0'])
})
