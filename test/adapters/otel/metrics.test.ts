// The figures over OTLP, against a real receiver: the same as /metrics, in OpenTelemetry's shape, and no harm when nobody takes them.
import type { ServerResponse } from 'node:http'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { type MetricSendingOptions, startMetrics } from '../../../src/adapters/otel/metrics.ts'
import { createMetrics } from '../../../src/adapters/prometheus/metrics.ts'
import { systemClock } from '../../../src/adapters/system-clock.ts'
import { startServer } from '../../../src/server/server.ts'
import { FakeClock, settle } from '../../fake-clock.ts'
import { portRange, until } from '../../fleet/world.ts'
import { testFolder } from '../../test-folder.ts'
import { gatewayLevels, levels } from '../prometheus/levels.ts'
import { type Collected, collector } from './collector.ts'

function sending(t: Test, url: string, more: Partial<MetricSendingOptions> = {}) {
  const logged: Array<{ level: number; msg: string }> = []
  const metrics = createMetrics({
    version: '1.2.3',
    runtime: 'simulated',
    levels: () => levels({ fleet: { gateways: [gatewayLevels('a')] } }),
    ofProcess: false,
  })
  const started = startMetrics({
    url,
    headers: { authorization: 'Bearer s3cret' },
    intervalMs: 20,
    serviceName: 'ib-gateway-manager',
    serviceVersion: '1.2.3',
    managerId: 'm1',
    metrics,
    clock: systemClock(),
    log: pino({ level: 'info' }, { write: (line: string) => void logged.push(JSON.parse(line)) }),
    ...more,
  })
  t.teardown(() => started.close())
  return { started, logged, measures: metrics.measures }
}

/** The metrics of one request, by name. */
function byName({ body }: Collected) {
  const { scopeMetrics, resource } = body.resourceMetrics[0]
  const metrics = scopeMetrics.flatMap((scope: { metrics: object[] }) => scope.metrics)
  const attributes = Object.fromEntries(
    resource.attributes.map(({ key, value }: { key: string; value: object }) => [
      key,
      Object.values(value)[0],
    ]),
  )
  // biome-ignore lint/suspicious/noExplicitAny: OTLP's JSON
  const found: Record<string, any> = Object.fromEntries(
    metrics.map((metric: { name: string }) => [metric.name, metric]),
  )
  return { found, attributes }
}

t.test('counters, gauges and histograms arrive as they are, under who sends them', async (t) => {
  const receiver = await collector(t)
  const before = Date.now()
  const { started, measures } = sending(t, `${receiver.url}/v1/metrics`)
  measures.launchOver('ready', 17_000)
  measures.launchOver('ready', 700_000)
  await started.close()
  const last = receiver.got.at(-1) as Collected
  t.equal(last.path, '/v1/metrics')
  t.match(last.headers, { 'content-type': 'application/json', authorization: 'Bearer s3cret' })
  const { found, attributes } = byName(last)
  t.match(attributes, {
    'service.name': 'ib-gateway-manager',
    'service.version': '1.2.3',
    'service.instance.id': 'm1',
  })

  const launches = found.ibgm_launches_total.sum
  t.match(launches, { aggregationTemporality: 2, isMonotonic: true }, 'cumulative')
  const ready = launches.dataPoints.find(
    ({ attributes: [outcome] }: { attributes: Array<{ value: object }> }) =>
      Object.values(outcome?.value ?? {})[0] === 'ready',
  )
  t.equal(ready.asDouble, 2)
  const startMs = Number(ready.startTimeUnixNano) / 1e6
  t.ok(startMs >= before - 1 && startMs <= Number(ready.timeUnixNano) / 1e6)

  t.match(found.ibgm_gateway_up.gauge.dataPoints, [
    { asDouble: 1, attributes: [{ key: 'follower', value: { stringValue: 'a' } }] },
  ])

  const { unit, histogram } = found.ibgm_gateway_ready_seconds
  t.equal(unit, 's')
  t.equal(histogram.aggregationTemporality, 2)
  const [point] = histogram.dataPoints
  t.match(point, { count: 2, sum: 717 })
  t.strictSame(point.explicitBounds, [5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 450, 600])
  t.strictSame(point.bucketCounts, [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 'not cumulative here')
  t.notOk(JSON.stringify(last.body).includes('null'), 'no value that is none')
})

t.test('it is sent again and again; an outage is one line, its end another', async (t) => {
  const receiver = await collector(t)
  const { logged } = sending(t, receiver.url)
  await until(
    () => receiver.got.length,
    (count) => count > 2,
    'sent three times',
  )
  const fine = receiver.respond
  receiver.respond = (response) => response.writeHead(400).end()
  const failedFrom = receiver.got.length
  await until(
    () => receiver.got.length,
    (count) => count > failedFrom + 3,
    'refused three times',
  )
  receiver.respond = fine
  await until(
    () => logged.length,
    (lines) => lines === 2,
    'told',
  )
  const wellFrom = receiver.got.length
  await until(
    () => receiver.got.length,
    (count) => count > wellFrom + 3,
    'sent three times more',
  )
  t.strictSame(
    logged.map(({ level, msg }) => [level, msg]),
    [
      [40, 'metrics cannot be sent; they are still at /metrics'],
      [30, 'metrics are sent again'],
    ],
  )
})

t.test('a collector that takes and never answers holds up the end for two seconds at most', async (t) => {
  const receiver = await collector(t)
  const held: ServerResponse[] = []
  receiver.respond = (response) => void held.push(response)
  const clock = new FakeClock()
  const { started, logged } = sending(t, receiver.url, { clock, intervalMs: 60_000 })
  let closed = false
  const closing = started.close().then(() => {
    closed = true
  })
  await until(
    () => receiver.got.length,
    (count) => count === 1,
    'the last figures are on their way',
  )
  await clock.advance(1_999)
  t.equal(closed, false)
  await clock.advance(1)
  await closing
  await settle()
  t.equal(clock.pendingTimers, 0)
  t.match(logged, [{ level: 40, msg: 'the collector does not answer; the last metrics were not sent' }])
  for (const response of held) response.end()
})

t.test('the whole product sends its figures, the last ones at its end', async (t) => {
  const receiver = await collector(t)
  const { from, to } = portRange(2)
  const server = await startServer({
    env: {
      RUNTIME: 'simulated',
      PORT: '0',
      DATA_DIR: testFolder(t),
      PORT_RANGE_START: String(from),
      PORT_RANGE_END: String(to),
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${receiver.url}/in`,
      OTEL_SERVICE_NAME: 'desk',
    },
    log: pino({ level: 'silent' }),
  })
  await server.close()
  const { found, attributes } = byName(receiver.got.at(-1) as Collected)
  t.equal(attributes['service.name'], 'desk')
  t.ok(found.ibgm_gateways)
  t.ok(found.process_resident_memory_bytes)
})
