// Our forwarder beside socat, which is what people use for this: bytes per second of a bulk transfer, and round trips of small requests.
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Bench, NotHere } from './bench.ts'
import type { ForwarderAnswer, ForwarderTask } from './forwarder-process.ts'
import { atMost, type BenchRow, median } from './row.ts'

/** The same measurement over each way, in turn. */
interface Round {
  readonly direct: number
  readonly ours: number
  readonly socat: number
}

export async function run(bench: Bench): Promise<BenchRow[]> {
  const { rounds, megabytes, trips } = bench.short
    ? { rounds: 1, megabytes: 32, trips: 200 }
    : { rounds: 7, megabytes: 1024, trips: 5000 }
  const bulk = await openWays(bench, 'pour')
  const small = await openWays(bench, 'echo')
  if (!bulk || !small)
    throw new NotHere('socat, which this is held against, is not on this machine (apt-get install socat)')
  const speeds = await inTurn(rounds, bulk.ports, (port) => download(port, megabytes))
  const crowd = Array.from({ length: 20 }, () => download(bulk.ports.ours, megabytes / 10))
  await Promise.all(crowd)
  const { loopP99Ms } = await bulk.lookAtLoop()
  for (const { direct, ours, socat } of speeds)
    bench.say(`MB/s: direct ${direct.toFixed(0)}, socat ${socat.toFixed(0)}, ours ${ours.toFixed(0)}`)
  const times = await inTurn(rounds, small.ports, (port) => roundTrip(port, trips))
  for (const { direct, ours, socat } of times)
    bench.say(
      `round trip, median: direct ${told(direct)}, socat ${told(socat)}, ours ${told(ours)}; added: socat ${told(socat - direct)}, ours ${told(ours - direct)}`,
    )
  const slower = speeds.map(({ ours, socat }) => socat / ours)
  const later = times.map(({ ours, socat }) => ours / socat)
  return [
    atMost(`bytes/s through socat / through ours, median of ${rounds}`, median(slower), 'times', 1.11),
    atMost(`round trip of 64 bytes / that through socat, median of ${rounds}`, median(later), 'times', 1.3),
    atMost('event-loop delay meanwhile, p99', loopP99Ms, 'ms', 50),
  ]
}

const told = (microseconds: number) => `${microseconds.toFixed(0)} µs`

/** Three ports that lead to one target: its own, ours, and socat's. Undefined without socat. */
async function openWays(bench: Bench, kind: 'pour' | 'echo') {
  const target = await serve(bench, { kind })
  const ours = await serve(bench, { kind: 'forwarder', target: target.port })
  const socat = await startSocat(bench, target.port)
  if (socat === undefined) return undefined
  return {
    ports: { direct: target.port, ours: ours.port, socat },
    async lookAtLoop() {
      ours.child.send('loop')
      const [answer] = (await once(ours.child, 'message')) as [ForwarderAnswer]
      return answer as { loopP99Ms: number }
    },
  }
}

async function inTurn(
  rounds: number,
  ports: { readonly [W in keyof Round]: number },
  measure: (port: number) => Promise<number>,
): Promise<Round[]> {
  for (const port of Object.values(ports)) await measure(port)
  const found: Round[] = []
  for (let round = 1; round <= rounds; round++) {
    const socat = await measure(ports.socat)
    const ours = await measure(ports.ours)
    found.push({ direct: await measure(ports.direct), socat, ours })
  }
  return found
}

/** MB per second. */
async function download(port: number, megabytes: number): Promise<number> {
  const wanted = megabytes * 1e6
  let got = 0
  const startedAt = performance.now()
  await new Promise<void>((resolve, reject) => {
    // One buffer for all, so that it is not the reader that is measured.
    const socket: Socket = connect({
      host: '127.0.0.1',
      port,
      onread: {
        buffer: Buffer.alloc(256 * 1024),
        callback(bytes) {
          got += bytes
          if (got >= wanted) {
            socket.destroy()
            resolve()
          }
          return true
        },
      },
    })
    socket.once('error', reject)
  })
  return megabytes / ((performance.now() - startedAt) / 1000)
}

/** Median, in microseconds. */
async function roundTrip(port: number, trips: number): Promise<number> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  await once(socket, 'connect')
  const request = Buffer.alloc(64, 1)
  const took: number[] = []
  await new Promise<void>((resolve, reject) => {
    let sentAt = performance.now()
    let missing = request.length
    socket.once('error', reject)
    socket.on('data', (answer) => {
      missing -= answer.length
      if (missing > 0) return
      took.push((performance.now() - sentAt) * 1000)
      if (took.length === trips) resolve()
      else {
        missing = request.length
        sentAt = performance.now()
        socket.write(request)
      }
    })
    socket.write(request)
  })
  socket.destroy()
  return median(took)
}

async function serve(bench: Bench, task: ForwarderTask): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(fileURLToPath(new URL('forwarder-process.js', import.meta.url)))
  bench.defer(() => void child.kill('SIGKILL'))
  child.send(task)
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('a bench process has ended')))
  ended.catch(() => {})
  const [{ port }] = (await Promise.race([once(child, 'message'), ended])) as [{ port: number }]
  return { child, port }
}

/** Its port once it takes connections; undefined when it is not installed. */
async function startSocat(bench: Bench, target: number): Promise<number | undefined> {
  const port = await freePort()
  const child = spawn('socat', [
    `TCP-LISTEN:${port},bind=127.0.0.1,fork,reuseaddr,nodelay`,
    `TCP:127.0.0.1:${target},nodelay`,
  ])
  bench.defer(() => void child.kill('SIGKILL'))
  const spawned = await new Promise<boolean>((resolve) => {
    child.once('spawn', () => resolve(true))
    child.once('error', () => resolve(false))
  })
  if (!spawned) return undefined
  for (let tries = 0; tries < 100; tries++) {
    const socket = connect({ host: '127.0.0.1', port })
    const open = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (open) return port
    await sleep(20)
  }
  throw new Error('socat does not listen')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
