// What 1,000 quiet sessions with 30 s heartbeats cost; their gateways are simulated in another process.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Bench } from './bench.ts'
import { atMost, type BenchRow } from './row.ts'
import type { SessionCosts, SessionsTask } from './sessions-process.ts'

export async function run(bench: Bench): Promise<BenchRow[]> {
  const [count, quietMs] = bench.short ? [20, 500] : [1000, 30_000]
  const gateways = child('gateways.js', [String(count)])
  const measured = child('sessions-process.js', [], ['--expose-gc'])
  try {
    const { ports } = await answer<{ ports: number[] }>(gateways)
    const costs = answer<SessionCosts>(measured)
    measured.send({ ports, quietMs } satisfies SessionsTask)
    const { connectedInMs, bytesEach, cpuShare, healthy } = await costs
    return [
      atMost(`${count} quiet sessions, of one core`, cpuShare * 100, '%', 2),
      atMost('memory (RSS) per session', bytesEach / 1024, 'KB', 40),
      atMost('sessions not healthy meanwhile', count - healthy, '', 0),
      atMost(`connecting all ${count}, 50 at a time`, connectedInMs / 1000, 's', 30),
    ]
  } finally {
    gateways.kill()
    measured.kill()
  }
}

function child(file: string, args: string[], execArgv: string[] = []): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), args, { execArgv })
}

async function answer<Message>(from: ChildProcess): Promise<Message> {
  const [message] = await Promise.race([
    once(from, 'message'),
    once(from, 'exit').then(() => Promise.reject(new Error('a bench process ended early'))),
  ])
  return message as Message
}
