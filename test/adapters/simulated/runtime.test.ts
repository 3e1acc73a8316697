// The simulated runtime: the port's contract, faults, and an engine that plays dead.
import t from 'tap'
import { createSimulatedRuntime } from '../../../src/adapters/simulated/runtime.ts'
import { systemClock } from '../../../src/adapters/system-clock.ts'
import type { Log } from '../../../src/ports/log.ts'
import { runtimeContract } from '../../contracts/runtime.ts'
import {
  anySignal,
  goodLogin,
  isEvent,
  lineOf,
  placementOf,
  specOf,
  until,
} from '../../contracts/runtime-subject.ts'
import { until as eventually, RawClient } from '../../simulator/harness.ts'
import { messagesOf, placeOrder, untilTold } from '../../simulator/order-client.ts'

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log }

function open() {
  const runtime = createSimulatedRuntime({
    clock: systemClock(),
    log,
    pace: { loginSeconds: 0.05, restartSeconds: 0.1 },
  })
  return { runtime, image: 'any', prefix: 'simulated' }
}

t.test('contract', async (t) => {
  const subject = open()
  t.teardown(() => subject.runtime.close())
  runtimeContract(t, subject)
})

t.test('faults reach the gateway, and only what it knows', async (t) => {
  const subject = open()
  const { runtime } = subject
  t.teardown(() => runtime.close())
  await t.rejects(runtime.injectFault('faulty', 'exit', '1'), { code: 'GATEWAY_NOT_UP' })
  const { id } = await runtime.run(specOf(subject, 'faulty'), await placementOf(), goodLogin, anySignal)
  await lineOf(runtime, id, /Configuration tasks completed/)
  await t.rejects(runtime.injectFault('faulty', 'explode', undefined), {
    code: 'UNKNOWN_FAULT',
    message: /explode.*half-open.*nightly-restart/,
  })
  const abort = new AbortController()
  t.teardown(() => abort.abort())
  const signals = runtime.watch(abort.signal)[Symbol.asyncIterator]()
  const exited = until(signals, isEvent('exited', id))
  await runtime.injectFault('faulty', 'exit', '76')
  const restart = runtime.softRestart(id, anySignal)
  await Promise.all([
    t.rejects(restart, { code: 'SOFT_RESTART_UNAVAILABLE' }, 'a gateway that is just ending'),
    runtime.stop(id, 5_000, anySignal),
  ])
  await exited
  t.match(await runtime.inspect('faulty', anySignal), { state: 'exited', exitCode: 76 })
})

t.test('an engine that is down answers nothing, and its gateways live on', async (t) => {
  const subject = open()
  const { runtime } = subject
  t.teardown(() => runtime.close())
  const container = await runtime.run(specOf(subject, 'alive'), await placementOf(), goodLogin, anySignal)
  const abort = new AbortController()
  t.teardown(() => abort.abort())
  const signals = runtime.watch(abort.signal)[Symbol.asyncIterator]()
  const lost = until(signals, ({ kind }) => kind === 'lost')
  runtime.setEngineDown(true)
  await lost
  const placement = await placementOf()
  const calls: Array<() => Promise<unknown>> = [
    () => runtime.ping(anySignal),
    () => runtime.prepare(anySignal),
    () => runtime.list(anySignal),
    () => runtime.inspect('alive', anySignal),
    () => runtime.run(specOf(subject, 'other'), placement, goodLogin, anySignal),
    () => runtime.stop(container.id, 1_000, anySignal),
  ]
  for (const call of calls) await t.rejects(call(), { code: 'ENGINE_UNAVAILABLE' })
  const resumed = until(signals, ({ kind }) => kind === 'resumed')
  runtime.setEngineDown(false)
  await resumed
  t.strictSame(await runtime.inspect('alive', anySignal), container)
})

for (const pacing of ['strict', 'relaxed'] as const)
  t.test(`gateways count requests as they are told to, and tell who broke a limit: ${pacing}`, async (t) => {
    const runtime = createSimulatedRuntime({
      clock: systemClock(),
      log,
      pace: { loginSeconds: 0.05 },
      pacing,
    })
    t.teardown(() => runtime.close())
    const spec = specOf({ runtime, image: 'any', prefix: 'paced' }, 'hasty')
    t.strictSame(runtime.violations(spec.followerId), [])
    const { id, hostPort } = await runtime.run(spec, await placementOf(), goodLogin, anySignal)
    await lineOf(runtime, id, /Configuration tasks completed/)
    const client = await RawClient.ready(t, hostPort, 5, 'v100..193')
    const ibm = ['', 'IBM', 'STK', '', '', '', '', 'SMART', '', 'USD', '', '']
    for (const reqId of [1, 2]) client.send(87, reqId, ...ibm, 0, 1, 'TRADES', 2)
    const answers = () =>
      client.frames.filter(([type, , id]) => type === '88' || (type === '4' && id === '2'))
    await eventually(() => answers().length === 2)
    t.match(
      runtime.violations(spec.followerId),
      pacing === 'strict' ? [{ clientId: 5, rule: 'identical request within 15 s' }] : [],
    )
  })

t.test('orders outlive the container: the next gateway of the login has them', async (t) => {
  const runtime = createSimulatedRuntime({
    clock: systemClock(),
    log,
    pace: { loginSeconds: 0.05 },
    fills: 'any-hour',
  })
  t.teardown(() => runtime.close())
  const spec = specOf({ runtime, image: 'any', prefix: 'orders' }, 'trader')
  const launch = async () => {
    const { id, hostPort } = await runtime.run(spec, await placementOf(), goodLogin, anySignal)
    await lineOf(runtime, id, /Configuration tasks completed/)
    return { id, client: await RawClient.ready(t, hostPort, 5) }
  }
  const first = await launch()
  placeOrder(first.client, 1, { orderRef: 'filled' })
  placeOrder(first.client, 2, { type: 'LMT', limit: 1, tif: 'GTC', orderRef: 'rests' })
  await untilTold(first.client, 2, 'Submitted')
  t.match(runtime.requests(spec.followerId), [{ orderRef: 'filled' }, { orderRef: 'rests' }])
  await runtime.kill(first.id, anySignal)
  t.strictSame(runtime.requests(spec.followerId), [])
  const { client } = await launch()
  client.send(5, 1)
  client.send(61, 1)
  await client.message(62)
  t.match(messagesOf(client, 5), [{ 1: '2', 23: 'rests' }])
  t.match(messagesOf(client, 61), [{ 4: 'AAPL', 14: '10' }])
})

t.test('close ends the gateways and every reader', async (t) => {
  const subject = open()
  const { runtime } = subject
  const { id } = await runtime.run(specOf(subject, 'last'), await placementOf(), goodLogin, anySignal)
  const ended = lineOf(runtime, id, /never/)
  const watched = runtime.watch(anySignal)[Symbol.asyncIterator]().next()
  await runtime.close()
  await t.rejects(ended, /never said/)
  t.match(await watched, { done: true })
  t.strictSame(await runtime.list(anySignal), [])
})
