// GET /metrics over HTTP with 1,000 gateways up, every session real: how long a scrape takes, and for how long nothing else runs meanwhile.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hashToken, makeToken, tokenLine } from '../src/doors/tokens.ts'
import type { Bench } from './bench.ts'
import type { HealthTask } from './http-health-process.ts'
import { followerIds } from './managed.ts'
import { atMost, type BenchRow, median } from './row.ts'

const firstPort = 21_000

export async function run(bench: Bench): Promise<BenchRow[]> {
  const [count, scrapes] = bench.short ? [5, 3] : [1_000, 50]
  const token = makeToken()
  const dataDir = mkdtempSync(join(tmpdir(), 'ibgm-bench-'))
  bench.defer(() => rmSync(dataDir, { recursive: true, force: true }))
  const port = await serve(bench, {
    kind: 'manager',
    env: {
      RUNTIME: 'simulated',
      PORT: '0',
      LOG_LEVEL: 'warn',
      DATA_DIR: dataDir,
      API_TOKENS: tokenLine({ name: 'bench', role: 'viewer', hash: hashToken(token) }),
      SIM_LOGIN_SECONDS: '0.01',
      LAUNCH_CONCURRENCY: '32',
      MAX_STARTUP_TIME: '300s',
      PORT_RANGE_START: String(firstPort),
      PORT_RANGE_END: String(firstPort + count - 1),
    },
    ids: followerIds(count),
  })
  const headers = { authorization: `Bearer ${token}` }
  const ask = async (path: string) => {
    const from = performance.now()
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
    const text = await answer.text()
    if (answer.status !== 200) throw new Error(`${path} answers ${answer.status}: ${text.slice(0, 200)}`)
    return { ms: performance.now() - from, text }
  }

  const { text } = await ask('/metrics')
  const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length
  bench.say(`${series} series, ${Math.round(text.length / 1024)} KiB`)
  const scrapeMs: number[] = []
  const otherMs: number[] = []
  for (let i = 0; i < scrapes; i++) {
    // What is asked right after the scrape waits as long as the scrape keeps the event loop.
    const scrape = ask('/metrics')
    const other = ask('/livez')
    scrapeMs.push((await scrape).ms)
    otherMs.push((await other).ms)
  }
  const told = (values: readonly number[]) =>
    `median ${median(values).toFixed(1)} ms, longest ${Math.max(...values).toFixed(1)} ms`
  bench.say(`scrape: ${told(scrapeMs)}; what is asked right after it: ${told(otherMs)}`)
  return [
    atMost(`a scrape of ${count} gateways, median of ${scrapes}`, median(scrapeMs), 'ms', 50),
    atMost('another request, asked right after it, median', median(otherMs), 'ms', 50),
  ]
}

async function serve(bench: Bench, task: HealthTask): Promise<number> {
  const child = fork(fileURLToPath(new URL('http-health-process.js', import.meta.url)))
  bench.defer(() => void child.kill('SIGKILL'))
  child.send(task)
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('the server has ended')))
  const [{ port }] = (await Promise.race([once(child, 'message'), ended])) as [{ port: number }]
  return port
}
