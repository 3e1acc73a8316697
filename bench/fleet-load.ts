// What a manager costs that keeps 2,000 gateways, which run in another process: quiet, and while its API is asked.
import { fork } from 'node:child_process'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { hashToken, makeToken, tokenLine } from '../src/doors/tokens.ts'
import { askProcess } from './ask-process.ts'
import type { Bench } from './bench.ts'
import { freshDataDir } from './engine-corner.ts'
import type { LoadCosts, LoadTask, LoadUp, LoadWindow, Memory } from './fleet-load-process.ts'
import { followerIds } from './managed.ts'
import { askAtPace, type PacedAnswers } from './paced-http.ts'
import { atMost, type BenchRow } from './row.ts'

const firstPort = 26_000

export async function run(bench: Bench): Promise<BenchRow[]> {
  const [count, intervalMs, forMs] = bench.short ? [20, 1_000, 2_500] : [2_000, 30_000, 90_000]
  const ids = followerIds(count)
  const token = makeToken()
  const manager = fork(fileURLToPath(new URL('fleet-load-process.js', import.meta.url)), {
    execArgv: ['--expose-gc'],
  })
  bench.defer(() => void manager.kill('SIGKILL'))
  const env = environment(token, count, await freshDataDir(bench), intervalMs)
  const { port, launchedInMs, empty, loaded } = await askProcess<LoadUp>(manager, {
    env,
    ids,
  } satisfies LoadTask)
  const window: LoadWindow = { forMs, intervalMs }
  const beside = monitorEventLoopDelay({ resolution: 5 })
  beside.enable()
  const quiet = await askProcess<LoadCosts>(manager, window)
  beside.disable()
  const asking = { port, token, requests: requestsOf(ids[0] ?? '') }
  // The first answers of each kind are those of code that has never run.
  await askAtPace({ ...asking, forMs: forMs / 20 })
  const watching = askProcess<LoadCosts>(manager, window)
  const answers = await askAtPace({ ...asking, forMs: forMs * 0.9 })
  const asked = await watching

  const each = ({ rss }: Memory) => (rss - empty.rss) / 1024 / count
  const moments = [empty, loaded, quiet.memory, asked.memory].map(
    ({ rss, heap }) => `${mb(rss)} (heap ${mb(heap)})`,
  )
  bench.say(
    `${count} RUNNING after ${(launchedInMs / 1000).toFixed(1)} s; memory (RSS) without gateways, with, after the quiet, after the questions: ${moments.join(', ')}`,
  )
  bench.say(
    `quiet: ${told(quiet)} (event-loop delay of this idle process: p99 ${(beside.percentile(99) / 1e6).toFixed(1)} ms, most ${(beside.max / 1e6).toFixed(1)} ms)`,
  )
  bench.say(`asked: ${told(asked)}`)
  for (const [path, answer] of Object.entries(answers)) bench.say(`GET ${path}: ${toldAnswers(answer)}`)
  return [
    atMost(
      `${count} gateways, heartbeats every ${intervalMs / 1000} s`,
      quiet.cpuShare * 100,
      '% of a core',
      50,
    ),
    atMost('the same while the API is asked', asked.cpuShare * 100, '% of a core', 60),
    atMost('memory (RSS) per follower', Math.max(each(loaded), each(quiet.memory)), 'KB', 150),
    atMost('memory (RSS) of the process after the questions', asked.memory.rss / 2 ** 20, 'MB', 512),
    atMost('event-loop delay, p99', Math.max(quiet.loopP99Ms, asked.loopP99Ms), 'ms', 20),
    atMost('event-loop delay, most', Math.max(quiet.loopMostMs, asked.loopMostMs), 'ms', 200),
    atMost('a heartbeat after its time, latest', Math.max(quiet.latestMs, asked.latestMs), 'ms', 2_000),
    atMost(
      'gateways without a heartbeat, or not RUNNING',
      missing(quiet, count) + missing(asked, count),
      '',
      0,
    ),
    ...Object.entries(answers).map(([path, { p99Ms }]) => atMost(`GET ${path}, p99`, p99Ms, 'ms', 50)),
    atMost(
      'answers other than 200',
      Object.values(answers).reduce((sum, { refused }) => sum + refused, 0),
      '',
      0,
    ),
  ]
}

/** As several dashboards, scripts and a scraper would: some 40 requests a second. */
const requestsOf = (id: string) => [
  { path: '/api/v1/gateways', everyMs: 200 },
  { path: `/api/v1/gateways/${id}`, everyMs: 100 },
  { path: `/api/v1/gateways/${id}/health`, everyMs: 50 },
  { path: '/metrics', everyMs: 1_000 },
]

const missing = ({ silent, running }: LoadCosts, count: number) => silent + count - running

const mb = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MB`

function told({ cpuShare, loopP99Ms, loopMostMs, beats, lateP99Ms, latestMs }: LoadCosts): string {
  return `${(cpuShare * 100).toFixed(1)} % of a core; event-loop delay p99 ${loopP99Ms.toFixed(1)} ms, most ${loopMostMs.toFixed(1)} ms; ${beats} heartbeats, late by ${lateP99Ms} ms (p99), ${latestMs} ms (most)`
}

function toldAnswers({ count, p99Ms, mostMs, bytes }: PacedAnswers): string {
  return `${count} answers of ${(bytes / 1024).toFixed(1)} KiB, p99 ${p99Ms.toFixed(1)} ms, most ${mostMs.toFixed(1)} ms`
}

/** The product's defaults where they matter here. A rate that counts every request and refuses none. */
function environment(
  token: string,
  count: number,
  dataDir: string,
  intervalMs: number,
): Record<string, string> {
  return {
    RUNTIME: 'simulated',
    PORT: '0',
    LOG_LEVEL: 'error',
    DATA_DIR: dataDir,
    API_TOKENS: tokenLine({ name: 'bench', role: 'viewer', hash: hashToken(token) }),
    RATE_LIMIT: '50000',
    HEARTBEAT_INTERVAL: `${intervalMs}ms`,
    LAUNCH_CONCURRENCY: '32',
    MAX_STARTUP_TIME: '600s',
    PORT_RANGE_START: String(firstPort),
    // Others on the machine may hold some.
    PORT_RANGE_END: String(firstPort + count + 500),
  }
}
