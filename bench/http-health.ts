// GET /gateways/{id}/health with 1,000 followers up, tokens and rate limit on, against a bare Fastify route that gives the same answer.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hashToken, makeToken, tokenLine } from '../src/doors/tokens.ts'
import type { Bench } from './bench.ts'
import type { HealthTask } from './http-health-process.ts'
import { type HttpLoad, loadHttp } from './http-load.ts'
import { followerIds } from './managed.ts'
import { atMost, type BenchRow, median } from './row.ts'

const connections = 16
const firstPort = 20_000

export async function run(bench: Bench): Promise<BenchRow[]> {
  const [count, rounds, forMs] = bench.short ? [5, 1, 300] : [1_000, 5, 3_000]
  const ids = followerIds(count)
  const token = makeToken()
  const dataDir = mkdtempSync(join(tmpdir(), 'ibgm-bench-'))
  bench.defer(() => rmSync(dataDir, { recursive: true, force: true }))
  const managerPort = await serve(bench, { kind: 'manager', env: environment(token, count, dataDir), ids })
  const address = `http://127.0.0.1:${managerPort}/api/v1/gateways/${ids[0]}/health`
  const answer = await fetch(address, { headers: { authorization: `Bearer ${token}` } })
  if (answer.status !== 200) throw new Error(`health answers ${answer.status}: ${await answer.text()}`)
  const barePort = await serve(bench, { kind: 'bare', body: (await answer.json()) as object })

  // Both are asked for each follower in turn, with the same headers.
  const load = (port: number, ms: number) =>
    loadHttp({ port, connections, forMs: ms, requests: ids.map((id) => request(id, token)) })
  for (const port of [managerPort, barePort]) await load(port, forMs)
  const found: Array<{ bare: HttpLoad; ours: HttpLoad }> = []
  for (let round = 1; round <= rounds; round++) {
    const bare = await load(barePort, forMs)
    const ours = await load(managerPort, forMs)
    found.push({ bare, ours })
    bench.say(`round ${round}: bare ${told(bare)}; ours ${told(ours)}`)
  }
  const slower = found.map(({ bare, ours }) => bare.perSecond / ours.perSecond)
  const later = found.map(({ bare, ours }) => ours.p99Ms / bare.p99Ms)
  return [
    atMost(`requests/s of a bare route / ours, median of ${rounds}`, median(slower), 'times', 2),
    atMost(`p99 / that of a bare route, median of ${rounds}`, median(later), 'times', 3),
    atMost(
      'answers other than 200',
      found.reduce((sum, { ours }) => sum + ours.refused, 0),
      '',
      0,
    ),
  ]
}

const told = ({ perSecond, p99Ms }: HttpLoad) =>
  `${Math.round(perSecond)} requests/s, p99 ${p99Ms.toFixed(2)} ms`

function request(id: string, token: string): string {
  return [
    `GET /api/v1/gateways/${id}/health HTTP/1.1`,
    'host: 127.0.0.1',
    `authorization: Bearer ${token}`,
    '\r\n',
  ].join('\r\n')
}

/** A rate that counts every request and refuses none. */
function environment(token: string, count: number, dataDir: string): Record<string, string> {
  return {
    RUNTIME: 'simulated',
    PORT: '0',
    LOG_LEVEL: 'warn',
    DATA_DIR: dataDir,
    API_TOKENS: tokenLine({ name: 'bench', role: 'viewer', hash: hashToken(token) }),
    RATE_LIMIT: '50000',
    SIM_LOGIN_SECONDS: '0.01',
    LAUNCH_CONCURRENCY: '32',
    MAX_STARTUP_TIME: '300s',
    PORT_RANGE_START: String(firstPort),
    PORT_RANGE_END: String(firstPort + count - 1),
  }
}

async function serve(bench: Bench, task: HealthTask): Promise<number> {
  const child: ChildProcess = fork(fileURLToPath(new URL('http-health-process.js', import.meta.url)))
  bench.defer(() => void child.kill('SIGKILL'))
  child.send(task)
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('the server has ended')))
  const [{ port }] = (await Promise.race([once(child, 'message'), ended])) as [{ port: number }]
  return port
}
