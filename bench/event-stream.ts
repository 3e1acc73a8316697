// What 200 clients of the live stream cost the manager while 10 events a second happen, and how late these come.
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hashToken, makeToken, tokenLine } from '../src/doors/tokens.ts'
import { askProcess } from './ask-process.ts'
import type { Bench } from './bench.ts'
import type { ClientsSaw, ClientsTask } from './event-stream-clients.ts'
import type { EndedAt, EndWork, StreamCost, StreamTask, StreamWork } from './event-stream-process.ts'
import { followerIds } from './managed.ts'
import { atMost, type BenchRow, median } from './row.ts'

const firstPort = 22_000
const eventsPerSecond = 10

export async function run(bench: Bench): Promise<BenchRow[]> {
  const [clients, gateways, forMs] = bench.short ? [5, 2, 500] : [200, 20, 15_000]
  const token = makeToken()
  const dataDir = mkdtempSync(join(tmpdir(), 'ibgm-bench-'))
  bench.defer(() => rmSync(dataDir, { recursive: true, force: true }))
  const server = start(bench, 'event-stream-process.js')
  const ids = followerIds(gateways)
  const task: StreamTask = { env: environment(token, gateways, dataDir), ids }
  const { port } = await askProcess<{ port: number }>(server, task)
  const work: StreamWork = { eventsPerSecond, forMs }

  const alone = await askProcess<StreamCost>(server, work)
  const readers = start(bench, 'event-stream-clients.js')
  await askProcess(readers, { port, token, clients } satisfies ClientsTask)
  await askProcess(readers, 'begin')
  const followed = await askProcess<StreamCost>(server, work)
  const saw = await askProcess<ClientsSaw>(readers, 'saw')

  const endedAt = await askProcess<EndedAt>(server, { end: ids.slice(0, 10) } satisfies EndWork)
  const { lostAt } = await askProcess<ClientsSaw>(readers, 'saw')
  const toldMs = Object.entries(endedAt).map(([id, at]) => (lostAt[id] ?? Number.POSITIVE_INFINITY) - at)

  const share = ({ cpuMs, tookMs }: StreamCost) => (cpuMs / tookMs) * 100
  bench.say(
    `without clients ${share(alone).toFixed(1)} % of a core; with ${clients}: ${share(followed).toFixed(1)} %, ${(saw.bytes / 1e6).toFixed(1)} MB told, ${saw.gateways} gateways; an event arrives after ${saw.medianMs} ms in the median; ${Math.round((followed.rssBytes - alone.rssBytes) / 1024 / clients)} KiB a client`,
  )
  const wanted = followed.events * clients
  return [
    atMost(
      `${clients} clients at ${eventsPerSecond} events/s`,
      share(followed) - share(alone),
      '% of a core',
      10,
    ),
    atMost('an event reaches its clients after, 99th percentile', saw.p99Ms, 'ms', 300),
    atMost('the end of a container is told to the last client after, median', median(toldMs), 'ms', 300),
    atMost('events missing', Math.max(0, wanted - saw.events), '', 0),
  ]
}

function environment(token: string, count: number, dataDir: string): Record<string, string> {
  return {
    RUNTIME: 'simulated',
    PORT: '0',
    LOG_LEVEL: 'error',
    DATA_DIR: dataDir,
    API_TOKENS: tokenLine({ name: 'bench', role: 'viewer', hash: hashToken(token) }),
    // Not so quick that a gateway is back before anyone is told that it was gone.
    SIM_LOGIN_SECONDS: '0.5',
    PORT_RANGE_START: String(firstPort),
    PORT_RANGE_END: String(firstPort + count - 1),
  }
}

function start(bench: Bench, file: string): ChildProcess {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)))
  bench.defer(() => void child.kill('SIGKILL'))
  return child
}
