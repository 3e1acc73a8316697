// The gateways' side of bench/far-engine: a process of simulated gateways, which also tells when their heartbeats came.
import { createSimulatedRuntime } from '../src/adapters/simulated/runtime.ts'
import { systemClock } from '../src/adapters/system-clock.ts'
import { FleetError } from '../src/ports/errors.ts'
import type { Log } from '../src/ports/log.ts'
import type { FarName, FromEngine, ToEngine } from './far-engine.ts'

/** Ask for the heartbeats since then (milliseconds since the epoch). */
export interface BeatsWanted {
  readonly beatsOf: readonly string[]
  readonly sinceMs: number
  readonly intervalMs: number
}
export interface BeatsSeen {
  readonly beats: number
  /** How much more than one interval after the one before they came, and how much more those that have not come have let pass. */
  readonly lateP99Ms: number
  readonly latestMs: number
  /** Followers of whom not one was seen. */
  readonly silent: number
}

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet }
const runtime = createSimulatedRuntime({
  clock: systemClock(),
  log: quiet,
  pace: { loginSeconds: 0.05, restartSeconds: 0.2 },
})
const open = new Map<number, AbortController>()
const send = (message: FromEngine | BeatsSeen) => process.send?.(message)

process.on('message', (message: ToEngine | BeatsWanted) => {
  if ('beatsOf' in message) send(beats(message))
  else if ('abort' in message) open.get(message.id)?.abort()
  else void answer(message)
})
process.on('disconnect', () => process.exit())

async function answer({ id, call, args }: Extract<ToEngine, { call: FarName }>): Promise<void> {
  const stop = new AbortController()
  open.set(id, stop)
  try {
    if (call === 'logs' || call === 'watch') {
      const items = call === 'watch' ? runtime.watch(stop.signal) : runtime.logs(...logsOf(args), stop.signal)
      for await (const item of items) send({ id, item })
      send({ id, value: null })
    } else {
      const carry = runtime[call] as (...given: unknown[]) => Promise<unknown>
      send({ id, value: (await carry(...args, stop.signal)) ?? null })
    }
  } catch (err) {
    const { message } = err as Error
    send({ id, error: message, ...(err instanceof FleetError && { code: err.code }) })
  } finally {
    open.delete(id)
  }
}

const logsOf = (args: readonly unknown[]) => args as [string, { tail?: number; follow?: boolean }]

function beats({ beatsOf, sinceMs, intervalMs }: BeatsWanted): BeatsSeen {
  const now = Date.now()
  const late: number[] = []
  let [seen, silent] = [0, 0]
  for (const id of beatsOf) {
    const times = runtime
      .requests(id)
      .filter(({ name, time }) => name === 'reqCurrentTime' && time >= sinceMs)
      .map(({ time }) => time)
    seen += times.length
    if (times.length === 0) silent++
    for (const [index, time] of [...times, now].entries()) {
      const before = times[index - 1] ?? sinceMs
      late.push(Math.max(0, time - before - intervalMs))
    }
  }
  const sorted = late.sort((a, b) => a - b)
  const [lateP99Ms = 0, latestMs = 0] = [sorted[Math.floor(sorted.length * 0.99)], sorted.at(-1)]
  return { beats: seen, lateP99Ms, latestMs, silent }
}
