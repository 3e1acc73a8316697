// The measured side of bench/sessions: a process with nothing in it but sessions; gets ports, sends what they cost.
import { ibConnector } from '../src/adapters/ib/connector.ts'
import { systemClock } from '../src/adapters/system-clock.ts'
import type { Log } from '../src/ports/log.ts'
import { IbSession } from '../src/session/session.ts'

export interface SessionsTask {
  readonly ports: readonly number[]
  /** How long they are watched once all are up. */
  readonly quietMs: number
}
export interface SessionCosts {
  readonly connectedInMs: number
  readonly bytesEach: number
  readonly cpuShare: number
  readonly healthy: number
}

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet }
const deps = { connector: ibConnector(), clock: systemClock(), log: quiet }

process.once('message', async ({ ports, quietMs }: SessionsTask) => {
  const open = (port: number, index: number) =>
    new IbSession(deps, {
      followerId: `bench${index}`,
      host: '127.0.0.1',
      port,
      clientId: 1000,
      onClientIdInUse: 'keep',
      heartbeatIntervalMs: 30_000,
      heartbeatTimeoutMs: 10_000,
      reconnectAttempts: 5,
      reconnectWindowMs: 60_000,
    })
  const warmUp = ports.slice(0, 20).map(open)
  await Promise.all(warmUp.map((session) => session.connect()))
  await Promise.all(warmUp.map((session) => session.disconnect()))
  const emptyBytes = residentBytes()
  const startedAt = performance.now()
  const sessions = ports.map(open)
  for (let at = 0; at < sessions.length; at += 50)
    await Promise.all(sessions.slice(at, at + 50).map((session) => session.connect()))
  const connectedInMs = performance.now() - startedAt
  const bytesEach = (residentBytes() - emptyBytes) / sessions.length
  await wait(2_000)
  const before = process.cpuUsage()
  await wait(quietMs)
  const { user, system } = process.cpuUsage(before)
  const costs: SessionCosts = {
    connectedInMs,
    bytesEach: Math.max(bytesEach, (residentBytes() - emptyBytes) / sessions.length),
    cpuShare: (user + system) / 1000 / quietMs,
    healthy: sessions.filter((session) => session.isHealthy()).length,
  }
  await Promise.all(sessions.map((session) => session.disconnect()))
  process.send?.(costs)
  process.disconnect?.()
})

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function residentBytes(): number {
  globalThis.gc?.()
  return process.memoryUsage.rss()
}
