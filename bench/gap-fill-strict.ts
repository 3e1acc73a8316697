// Hours of filling at IB's strict limits, on one clock that manager and simulated gateway share and that moves only when neither has anything to do.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Pacers } from '../src/session/pacing/pacers.ts'
import { startSimulatedGateway } from '../src/simulator/gateway.ts'
import { FakeClock, settle } from '../test/fake-clock.ts'
import type { Bench } from './bench.ts'
import { startManager } from './gap-fill-manager.ts'

const perTenMinutes = 60
const symbols = ['SPY', 'AAPL', 'MSFT', 'QQQ', 'IBM', 'AMZN', 'GOOGL', 'META', 'NVDA', 'TSLA']
/** Saturday, 21 November 2026. */
const begin = Date.UTC(2026, 10, 21, 12)

export interface StrictRun {
  readonly allowed: number
  readonly achieved: number
  readonly violations: number
}

export async function measureStrict(bench: Bench): Promise<StrictRun> {
  const hours = bench.short ? 0.5 : 2
  const dir = await mkdtemp(join(tmpdir(), 'ibgm-strict-'))
  bench.defer(() => rm(dir, { recursive: true }))
  const clock = new FakeClock(begin)
  const gateway = await startGateway(bench, clock)
  const pacers = new Pacers(clock)
  const [files, link] = [new Pending(), new Pending()]
  await startManager(bench, {
    dir,
    port: gateway.port,
    clock,
    pacers,
    symbols,
    // Days of regular hours, each one request: more than two hours have room for.
    maxGapAgeDays: 120,
    useRth: true,
    wrapFiles: (inner) => files.watch(inner),
    wrapLink: (inner) => link.watch(inner),
  })
  const { host, port } = { host: '127.0.0.1', port: gateway.port }
  const isQuiet = () => files.count === 0 && link.count === pacers.of(host, port).stats().queued
  while (gateway.requests.length === 0) await clock.advance(1)
  const untilMs = clock.monotonicMs() + hours * 3_600_000
  while (clock.monotonicMs() < untilMs && !bench.signal.aborted) {
    for (let quiet = 0; quiet < 3; quiet = isQuiet() ? quiet + 1 : 0) await settle()
    await clock.advance(Math.min(clock.nextTimerMs ?? 1, untilMs - clock.monotonicMs()))
  }
  const asked = gateway.requests.filter(({ name }) => /^req(HistoricalData|HeadTimestamp)$/.test(name))
  const allowed = hours * 6 * perTenMinutes
  const { violations } = gateway
  bench.say(
    `strict: ${asked.length} of ${allowed} historical requests in ${hours} h: ${((100 * asked.length) / allowed).toFixed(1)} %`,
  )
  return { allowed, achieved: asked.length, violations: violations.length }
}

async function startGateway(bench: Bench, clock: FakeClock) {
  const gateway = await startSimulatedGateway({
    username: 'bench',
    password: 'sim',
    tradingMode: 'paper',
    loginSeconds: 0,
    pacing: 'strict',
    clock: { now: () => clock.now(), schedule: (task, delayMs) => clock.schedule(delayMs, task) },
    onLog() {},
    onExit() {},
  })
  bench.defer(() => gateway.kill())
  while (!gateway.loggedIn) await clock.advance(50)
  return gateway
}

/** Calls of an object's methods that have not been answered yet. */
class Pending {
  count = 0

  watch<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (_target, name) => {
        const value = Reflect.get(target, name, target) as unknown
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => this.#counted(value.apply(target, args))
      },
    })
  }

  #counted(answer: unknown): unknown {
    if (!(answer instanceof Promise)) return answer
    this.count++
    const over = () => {
      this.count--
    }
    answer.then(over, over)
    return answer
  }
}
