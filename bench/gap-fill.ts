// How much of what IB allows the gap filler makes use of, without ever going beyond: at its default delay, at IB's strict limits, and at the message rate.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ibConnector } from '../src/adapters/ib/connector.ts'
import { systemClock } from '../src/adapters/system-clock.ts'
import type { DataManager } from '../src/bars/data-manager.ts'
import { Pacer } from '../src/session/pacing/pacer.ts'
import { Pacers } from '../src/session/pacing/pacers.ts'
import { IbSession } from '../src/session/session.ts'
import type { Bench } from './bench.ts'
import type { GatewayReport } from './gap-fill-gateway.ts'
import { quiet, startManager } from './gap-fill-manager.ts'
import { measureStrict } from './gap-fill-strict.ts'
import { atMost, type BenchRow } from './row.ts'

/** Nine tenths of what is allowed. */
const most = 1.11
const messagesPerSecond = 50
const defaultDelayMs = 500

export async function run(bench: Bench): Promise<BenchRow[]> {
  const gaps = await measureGaps(bench)
  const strict = await measureStrict(bench)
  const messages = await measureMessages(bench)
  const { allowed, achieved, violations } = strict
  return [
    atMost(`${gaps.gaps} gaps, default delay: requests/s allowed / made`, gaps.ratio, 'times', most),
    atMost('event-loop delay meanwhile, p99', gaps.loopP99Ms, 'ms', 50),
    atMost('strict limits: requests allowed / made', allowed / achieved, 'times', most),
    atMost(`messages/s allowed / sent by two sessions`, messages.ratio, 'times', most),
    atMost('limits broken in all three', gaps.violations + violations + messages.violations, '', 0),
  ]
}

/** Files that are full but for an hour of each day, filled again. */
async function measureGaps(bench: Bench) {
  const symbols = bench.short ? ['SPY'] : ['SPY', 'AAPL', 'MSFT', 'QQQ', 'IBM']
  const days = bench.short ? 4 : 20
  const dir = await mkdtemp(join(tmpdir(), 'ibgm-gaps-'))
  bench.defer(() => rm(dir, { recursive: true }))
  const clock = systemClock()
  const gateway = await startGateway(bench)
  const common = { dir, port: gateway.port, clock, symbols, maxGapAgeDays: 32 }

  const quick = new Pacers(clock, { mode: 'relaxed', minRequestDelayMs: 0 })
  const before = await startManager(bench, { ...common, pacers: quick })
  await filled(before)
  await before.stop()
  for (const symbol of symbols) await cutHours(join(dir, symbol, '1m.csv'), days)
  const already = (await gateway.report()).asked.length

  const loop = monitorEventLoopDelay({ resolution: 5 })
  const pacers = new Pacers(clock, { mode: 'relaxed' })
  const manager = await startManager(bench, { ...common, pacers })
  loop.enable()
  const gaps = await filled(manager)
  loop.disable()
  const { asked, violations } = await gateway.report()
  const times = asked.slice(already)
  const perSecond = ((times.length - 1) * 1000) / ((times.at(-1) ?? 0) - (times[0] ?? 0))
  const allowed = 1000 / defaultDelayMs
  bench.say(
    `default delay: ${gaps} gaps with ${times.length} requests at ${perSecond.toFixed(2)} of ${allowed} a second: ${share(perSecond, allowed)}`,
  )
  return { gaps, ratio: allowed / perSecond, loopP99Ms: loop.percentile(99) / 1e6, violations }
}

/** Takes an hour out of each of the last whole days. */
async function cutHours(path: string, days: number): Promise<void> {
  const text = await readFile(path, 'utf8')
  const dates = [...new Set(text.match(/^\d{4}-\d\d-\d\d(?=T15:)/gm) ?? [])].slice(-days - 1, -1)
  await writeFile(path, text.replaceAll(new RegExp(`^(${dates.join('|')})T15:.*\\n`, 'gm'), ''))
}

/** Resolves with the gaps that there were when nothing is missing any more. */
async function filled(manager: DataManager): Promise<number> {
  for (let most = 0; ; await sleep(20)) {
    const { running, gapsFound, barsWritten } = manager.gapFillerStatus()
    most = Math.max(most, gapsFound)
    if (!running && barsWritten > 0 && manager.listGaps({ limit: 1 }).items.length === 0) return most
  }
}

/** Two sessions under one pacer ask as much as they may. */
async function measureMessages(bench: Bench) {
  const forMs = bench.short ? 2_000 : 20_000
  const gateway = await startGateway(bench)
  const clock = systemClock()
  const pacer = new Pacer(clock, { mode: 'relaxed', minRequestDelayMs: 0 })
  const sessions = [1, 2].map(
    (clientId) =>
      new IbSession(
        { connector: ibConnector(), clock, log: quiet, pacer },
        {
          followerId: 'bench',
          host: '127.0.0.1',
          port: gateway.port,
          clientId,
          onClientIdInUse: 'keep',
          heartbeatIntervalMs: 0,
          heartbeatTimeoutMs: 0,
          reconnectAttempts: 5,
          reconnectWindowMs: 60_000,
        },
      ),
  )
  bench.defer(async () => void (await Promise.all(sessions.map((session) => session.disconnect()))))
  for (const session of sessions) await session.connect()
  // The first second is a burst, which would flatter.
  const fromMs = Date.now() + 2_000
  const toMs = fromMs + forMs
  const contract = { symbol: 'SPY', secType: 'STK', exchange: 'SMART', currency: 'USD' }
  const ask = async (session: IbSession) => {
    while (Date.now() < toMs) await session.request('contractDetails', contract)
  }
  await Promise.all(sessions.flatMap((session) => Array.from({ length: 30 }, () => ask(session))))
  const { asked, violations } = await gateway.report()
  const sent = asked.filter((ms) => ms >= fromMs && ms < toMs).length
  const perSecond = sent / (forMs / 1000)
  bench.say(
    `message rate: ${perSecond.toFixed(1)} of ${messagesPerSecond} a second: ${share(perSecond, messagesPerSecond)}`,
  )
  return { ratio: messagesPerSecond / perSecond, violations }
}

async function startGateway(bench: Bench) {
  const child: ChildProcess = fork(fileURLToPath(new URL('gap-fill-gateway.js', import.meta.url)))
  bench.defer(() => void child.kill())
  const [port] = (await once(child, 'message')) as [number]
  return {
    port,
    async report(): Promise<GatewayReport> {
      child.send('report')
      const [report] = (await once(child, 'message')) as [GatewayReport]
      return report
    },
  }
}

export function share(achieved: number, allowed: number): string {
  return `${((100 * achieved) / allowed).toFixed(1)} %`
}
