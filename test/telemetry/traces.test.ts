// Traces of the whole product in one process, as a collector receives them from the real exporter.
import { Writable } from 'node:stream'
import t, { type Test } from 'tap'
import type { Gateway } from '../../schemas/gateway.ts'
import { ibConnector } from '../../src/adapters/ib/connector.ts'
import { startTraces } from '../../src/adapters/otel/traces.ts'
import { systemClock } from '../../src/adapters/system-clock.ts'
import { createLogger } from '../../src/server/logger.ts'
import { startServer } from '../../src/server/server.ts'
import { IbSession } from '../../src/session/session.ts'
import { type ApiCall, apiCalls } from '../api-calls.ts'
import { portRange, until } from '../fleet/world.ts'
import { options as sessionOptions } from '../session/harness.ts'
import { startLoggedIn } from '../simulator/harness.ts'
import { testFolder } from '../test-folder.ts'
import { otlpReceiver, type ReceivedSpan } from './otlp-receiver.ts'

// The SDK reads these from the process.
process.env.OTEL_BSP_SCHEDULE_DELAY = '50'
process.env.OTEL_EXPORTER_OTLP_TIMEOUT = '300'

const canary = 'sim-canary-9313'
const stages = /^login\./

interface LogLine {
  readonly msg: string
  readonly traceId?: string
  readonly spanId?: string
  readonly [field: string]: unknown
}

async function serve(t: Test, collector: string, more: Record<string, string> = {}) {
  const lines: LogLine[] = []
  const log = createLogger(
    'debug',
    new Writable({
      write(line, _encoding, done) {
        lines.push(JSON.parse(String(line)))
        done()
      },
    }),
  )
  const { from, to } = portRange(10)
  const server = await startServer({
    log,
    env: {
      RUNTIME: 'simulated',
      PORT: '0',
      DATA_DIR: testFolder(t),
      SIM_LOGIN_SECONDS: '0.1',
      SIM_TWOFA_SECONDS: '20',
      HEARTBEAT_INTERVAL: '200ms',
      HEARTBEAT_TIMEOUT: '500ms',
      HEALTHCHECK_INTERVAL: '500ms',
      PORT_RANGE_START: String(from),
      PORT_RANGE_END: String(to),
      OTEL_EXPORTER_OTLP_ENDPOINT: collector,
      ...more,
    },
  })
  t.teardown(() => server.close())
  const api = apiCalls(`${server.url}/api/v1`)
  const call: <T>(...asked: Parameters<ApiCall>) => Promise<T> = async (...asked) =>
    (await api(...asked)).body
  const add = async (id: string, username: string) => {
    // A record that may run is launched at once; here a person launches.
    await call('POST', '/followers', { id })
    await call('POST', `/gateways/${id}/stop?wait=10`)
    await call('PUT', `/followers/${id}/credentials`, { username, password: canary })
  }
  return { server, call, add, lines }
}

const of = (follower: string) => (span: ReceivedSpan) => span.attributes['ibgm.follower'] === follower
/** The launch that a person asked for. */
const asked = (follower: string) => (span: ReceivedSpan) =>
  of(follower)(span) && span.attributes['ibgm.trigger'] === 'person'

/** That every span of `trace` but its first lies within its parent's time; ends are told to the millisecond. */
function checkNesting(t: Test, trace: readonly ReceivedSpan[], root: ReceivedSpan): void {
  for (const span of trace) {
    if (span === root) continue
    const parent = trace.find(({ spanId }) => spanId === span.parentId)
    if (!parent) {
      t.fail(`${span.name} has a parent in its trace`)
      continue
    }
    // A request may be answered before what it began is over.
    const begun = span.from >= parent.from - 2
    const over = parent.name.startsWith('POST ') || span.to <= parent.to + 2
    t.ok(begun && over && span.to >= span.from, `${span.name} lies within ${parent.name}`)
  }
}

t.test('a launch is one trace with its steps, part of the trace of whoever asked for it', async (t) => {
  const collector = await otlpReceiver(t)
  const { server, call, add, lines } = await serve(t, collector.url)
  await add('alice', 'alice')
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` }
  t.match(await call('POST', '/gateways/alice/launch?wait=20', undefined, headers), { status: 'RUNNING' })

  const request = await collector.span('POST /api/v1/gateways/:id/launch')
  t.match(request, { traceId, parentId: '00f067aa0ba902b7', error: undefined })
  t.match(request.attributes, {
    'http.route': '/api/v1/gateways/:id/launch',
    'http.response.status_code': 200,
  })
  t.match(request.resource, { 'service.name': 'ib-gateway-manager' })

  const trace = collector.spans.filter((span) => span.traceId === traceId)
  checkNesting(t, trace, request)
  const names = (parent: string) => {
    const ids = trace.filter(({ name }) => name === parent).map(({ spanId }) => spanId)
    return trace.filter(({ parentId }) => ids.includes(parentId ?? '')).map(({ name }) => name)
  }
  t.strictSame(names(request.name), ['gateway.launch'])
  const steps = names('gateway.launch')
  t.strictSame(
    steps.filter((name) => !stages.test(name)),
    ['credentials.read', 'container.create', 'container.start'],
  )
  t.ok(steps.includes('login.logging-in') && steps.includes('login.connecting'), steps.join(' '))
  t.ok(names('login.connecting').includes('api.handshake'))

  const launch = await collector.span('gateway.launch', asked('alice'))
  t.match(launch.attributes, {
    'ibgm.follower': 'alice',
    'ibgm.trading_mode': 'paper',
    'ibgm.trigger': 'person',
    'ibgm.outcome': 'running',
    'container.id': (await call<Gateway>('GET', '/gateways/alice')).containerId,
  })
  t.equal(launch.error, undefined)
  const handshake = await collector.span('api.handshake', ({ error }) => error === undefined)
  t.strictSame(
    handshake.events,
    ['socket', 'handshake', 'accounts', 'order-id'].slice(0, handshake.events.length),
  )
  t.ok(handshake.events.length >= 2)

  const spanOf = (line: LogLine | undefined) => trace.find(({ spanId }) => spanId === line?.spanId)?.name
  const logged = (msg: string) => lines.find((line) => line.msg === msg && line.traceId === traceId)
  t.equal(spanOf(logged('request answered')), request.name)
  t.equal(spanOf(logged('started a simulated gateway')), 'gateway.launch')
  t.equal(spanOf(logged('session ready')), 'api.handshake')
  t.equal(lines.find(({ msg }) => msg === 'IB Gateway Manager is up')?.traceId, undefined)

  await call('POST', '/gateways/alice/stop?wait=10')
  const stop = await collector.span('gateway.stop', ({ attributes }) => 'container.id' in attributes)
  t.match(stop.attributes, { 'ibgm.outcome': 'stopped' })
  const inStop = (name: string) => collector.span(name, ({ parentId }) => parentId === stop.spanId)
  await inStop('container.stop')
  await inStop('container.remove')
  await server.close()
  t.notOk(
    collector.bodies.some((body) => body.includes(canary)),
    'the password is nowhere',
  )
  t.notOk(JSON.stringify(lines).includes(canary))
})

t.test('a rejected login is an error with its reason, a login that awaits 2FA shows how long', async (t) => {
  const collector = await otlpReceiver(t)
  const { server, call, add } = await serve(t, collector.url)
  await add('bob', 'bob-badpass')
  await add('carol', 'carol-2fa')
  const launches = ['bob', 'carol'].map((id) => call('POST', `/gateways/${id}/launch?wait=20`))
  await until(
    () => call<Gateway>('GET', '/gateways/carol'),
    ({ phase }) => phase === 'awaiting-2fa',
    'a push that waits',
  )
  const approvedAt = Date.now()
  await call('POST', '/simulator/carol/faults', { fault: 'approve-2fa' })
  await Promise.all(launches)
  const failed = await collector.span('gateway.launch', asked('bob'))
  t.match(failed.attributes, {
    'ibgm.outcome': 'failed',
    'ibgm.reason': 'CREDENTIALS_REJECTED',
    'error.type': 'CREDENTIALS_REJECTED',
  })
  t.match(failed.error, /IBKR rejected the username or the password/)
  const stage = await collector.span('login.logging-in', of('bob'))
  t.match(stage, { parentId: failed.spanId, error: /rejected/ })

  const awaited = await collector.span('login.awaiting-2fa', of('carol'))
  const launched = await collector.span('gateway.launch', asked('carol'))
  t.equal(awaited.parentId, launched.spanId)
  t.ok(awaited.from <= approvedAt && awaited.to >= approvedAt, 'until it was approved')
  t.match(launched, { attributes: { 'ibgm.outcome': 'running' }, error: undefined })
  await server.close()
  t.notOk(collector.bodies.some((body) => body.includes(canary) || body.includes('bob-badpass')))
})

t.test('a dropped session is a trace of its own; an ended gateway one of its restart', async (t) => {
  const collector = await otlpReceiver(t)
  const { call, add } = await serve(t, collector.url)
  await add('dora', 'dora')
  await call('POST', '/gateways/dora/launch?wait=20')
  await call('POST', '/simulator/dora/faults', { fault: 'drop' })
  const reconnect = await collector.span('gateway.reconnect')
  t.match(reconnect, {
    parentId: undefined,
    attributes: { 'ibgm.outcome': 'connected', 'ibgm.follower': 'dora' },
  })
  t.ok(Number(reconnect.attributes['ibgm.attempts']) >= 1)
  await collector.span('api.handshake', ({ parentId }) => parentId === reconnect.spanId)

  await until(
    () => call<Gateway>('GET', '/gateways/dora'),
    ({ status }) => status === 'RUNNING',
    'RUNNING again',
  )
  await call('POST', '/simulator/dora/faults', { fault: 'exit', value: '1' })
  const restart = await collector.span('gateway.restart')
  t.match(restart, {
    parentId: undefined,
    attributes: { 'ibgm.restart': 'container', 'ibgm.cause': 'CONTAINER_EXITED', 'ibgm.outcome': 'running' },
  })
  const again = await collector.span('gateway.launch', ({ parentId }) => parentId === restart.spanId)
  t.match(again.attributes, { 'ibgm.trigger': 'recovery', 'ibgm.outcome': 'running' })
})

t.test(
  'a handshake that meets its client id in use says so; requests tell kind and wait, not what for',
  async (t) => {
    const collector = await otlpReceiver(t)
    const gateway = await startLoggedIn(t)
    const clock = systemClock()
    const log = createLogger('silent')
    const url = `${collector.url}/v1/traces`
    const traces = startTraces({ url, serviceName: 'one', serviceVersion: '1', managerId: 'm', clock, log })
    const session = new IbSession(
      { connector: ibConnector(), clock, log, tracer: traces.tracer },
      { ...sessionOptions, port: gateway.port },
    )
    t.teardown(() => session.disconnect())
    gateway.fault('reject-326')
    await t.rejects(session.connectOnce(), { code: 'CLIENT_ID_IN_USE' })
    gateway.fault('clear')
    await session.connectOnce()
    await session.ping()
    const aapl = { symbol: 'AAPL', secType: 'STK', exchange: 'SMART', currency: 'USD' }
    await session.request('contractDetails', aapl)
    await session.disconnect()
    await traces.close()
    const [refused, accepted, request, ...rest] = collector.spans
    t.match(refused, {
      name: 'api.handshake',
      error: /in use/,
      attributes: { 'error.type': 'CLIENT_ID_IN_USE' },
    })
    t.match(accepted, { name: 'api.handshake', error: undefined, attributes: { 'ibgm.client_id': 1000 } })
    t.match(request, {
      name: 'ib.request',
      resource: { 'service.name': 'one' },
      attributes: { 'ibgm.request': 'contractDetails', 'ibgm.pacing_wait_ms': Number },
    })
    t.strictSame(rest, [], 'heartbeats are not traced')
    t.notOk(collector.bodies.some((body) => body.includes('AAPL')))
  },
)

t.test('a collector that is away costs one line, and no time at the end', async (t) => {
  const collector = await otlpReceiver(t)
  collector.close()
  const { server, call, add, lines } = await serve(t, collector.url)
  await add('erin', 'erin')
  t.match(await call('POST', '/gateways/erin/launch?wait=20'), { status: 'RUNNING' })
  const told = () => lines.filter(({ msg }) => msg.startsWith('traces cannot be sent'))
  await until(told, ({ length }) => length > 0, 'that it is told')
  const startedAt = performance.now()
  await server.close()
  t.ok(performance.now() - startedAt < 8_000, 'closed within its bound')
  t.equal(told().length, 1)
})

t.test('without a collector nothing is traced', async (t) => {
  const { call, add, lines } = await serve(t, '')
  await add('finn', 'finn')
  t.match(await call('POST', '/gateways/finn/launch?wait=20'), { status: 'RUNNING' })
  t.notOk(lines.some(({ traceId }) => traceId !== undefined))
})
