// Our session beside ib_async, which is what people use in Python, on the same simulated gateway: how long a connection and a request take.
import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ibConnector } from '../src/adapters/ib/connector.ts'
import { systemClock } from '../src/adapters/system-clock.ts'
import type { Log } from '../src/ports/log.ts'
import { Pacer } from '../src/session/pacing/pacer.ts'
import { IbSession } from '../src/session/session.ts'
import { pythonWithIbAsync } from '../test/integration-gate.ts'
import { type Bench, NotHere } from './bench.ts'
import { atMost, type BenchRow, median } from './row.ts'

// The script stays in the source tree, one level above the compiled bench's own folder.
const script = fileURLToPath(new URL('../../bench/ib_async_times.py', import.meta.url))
/** Below the 50 messages a second that both keep to, so that neither waits. */
const pauseMs = 30
/** Ours go through pacing, deadline and circuit breaker, some 0.3 ms on a busy core, where ib_async only counts messages. */
const mostRequest = 1.5
const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet }

interface Times {
  readonly connectMs: readonly number[]
  readonly requestMs: readonly number[]
}

export async function run(bench: Bench): Promise<BenchRow[]> {
  const python = await pythonWithIbAsync()
  if (python === undefined)
    throw new NotHere(
      'ib_async, which this is held against, is not on this machine (python3 -m venv ~/.cache/ibgm/ib_async && ~/.cache/ibgm/ib_async/bin/pip install ib_async)',
    )
  const [rounds, connects, requests] = bench.short ? [1, 2, 5] : [5, 20, 100]
  const port = await gateway(bench)
  const theirs = async (): Promise<Times> => {
    const counts = [port, connects, requests, pauseMs].map(String)
    const { stdout } = await promisify(execFile)(python, [script, ...counts], { timeout: 60_000 })
    return JSON.parse(stdout)
  }
  // Both run once beforehand, so that it is not their first steps that are measured.
  await ours(port, connects, requests)
  await theirs()
  const connectRatios: number[] = []
  const requestRatios: number[] = []
  for (let round = 1; round <= rounds; round++) {
    const [our, their] = [await ours(port, connects, requests), await theirs()]
    connectRatios.push(median(our.connectMs) / median(their.connectMs))
    requestRatios.push(median(our.requestMs) / median(their.requestMs))
    bench.say(`round ${round}, medians: ours ${told(our)}; ib_async ${told(their)}`)
  }
  return [
    atMost(`connection / that of ib_async, median of ${rounds}`, median(connectRatios), 'times', 1),
    atMost(`request / that of ib_async, median of ${rounds}`, median(requestRatios), 'times', mostRequest),
  ]
}

const told = ({ connectMs, requestMs }: Times) =>
  `connection ${median(connectMs).toFixed(2)} ms, request ${median(requestMs).toFixed(2)} ms`

/** The same as the script does with ib_async. */
async function ours(port: number, connects: number, requests: number): Promise<Times> {
  const connectMs: number[] = []
  for (let n = 0; n < connects; n++) {
    await using session = open(port)
    connectMs.push(await took(() => session.connect()))
    await session.disconnect()
    await sleep(20)
  }
  await using session = open(port)
  await session.connect()
  const requestMs: number[] = []
  const stock = { symbol: 'AAPL', secType: 'STK', exchange: 'SMART', currency: 'USD' }
  for (let n = 0; n < requests; n++) {
    requestMs.push(await took(() => session.request('contractDetails', stock)))
    await sleep(pauseMs)
  }
  return { connectMs, requestMs }
}

function open(port: number): IbSession {
  const clock = systemClock()
  // The pause of half a second that we make by default is not what is compared here.
  const deps = {
    connector: ibConnector(),
    clock,
    log: quiet,
    pacer: new Pacer(clock, { minRequestDelayMs: 0 }),
  }
  return new IbSession(deps, {
    followerId: 'bench',
    host: '127.0.0.1',
    port,
    clientId: 1000,
    onClientIdInUse: 'keep',
    heartbeatIntervalMs: 30_000,
    heartbeatTimeoutMs: 10_000,
    reconnectAttempts: 5,
    reconnectWindowMs: 60_000,
  })
}

async function gateway(bench: Bench): Promise<number> {
  const child = fork(fileURLToPath(new URL('gateways.js', import.meta.url)), ['1'])
  bench.defer(() => void child.kill('SIGKILL'))
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('the gateway has ended')))
  ended.catch(() => {})
  const [{ ports }] = (await Promise.race([once(child, 'message'), ended])) as [{ ports: [number] }]
  return ports[0]
}

async function took(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}
