// The engine's stream of events about our containers, for ever: through broken streams and restarts of the engine.
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { RuntimeEvent, RuntimeSignal } from '../../ports/runtime.ts'
import type { Engine } from './engine.ts'
import { JsonLines } from './json-lines.ts'
import { labels, ownedBy } from './labels.ts'

export interface WatchDeps {
  readonly engine: Engine
  readonly clock: Clock
  readonly log: Log
  readonly managerId: string
  readonly timeoutMs: number
}

const actions: Record<string, RuntimeEvent['action']> = {
  start: 'started',
  die: 'exited',
  oom: 'out-of-memory',
  pause: 'paused',
  unpause: 'resumed',
  destroy: 'removed',
  restart: 'other',
  rename: 'other',
}
const firstRetryMs = 100
const slowestRetryMs = 5_000
/** A host that vanished sends no FIN; the kernel's probes then end the stream within minutes. */
const keepAliveMs = 30_000

interface EngineEvent {
  readonly Action?: string
  readonly time?: number
  readonly timeNano?: number
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Record<string, string> }
}

/** Where to go on: the engine's own time, for its clock need not be ours. */
interface Position {
  sinceSeconds: number
  lastNano: number
}

/** GatewayRuntime.watch, from the moment `since` (milliseconds since the epoch) on. */
export async function* watchContainers(
  deps: WatchDeps,
  since: number,
  signal: AbortSignal,
): AsyncGenerator<RuntimeSignal> {
  const position: Position = { sinceSeconds: since / 1000, lastNano: 0 }
  let lost = false
  let retryMs = firstRetryMs
  while (!signal.aborted) {
    try {
      const { value: stream, release } = await openStream(deps, position, signal)
      try {
        if (lost) yield { kind: 'resumed' }
        lost = false
        retryMs = firstRetryMs
        yield* readEvents(stream, position)
      } finally {
        release()
      }
    } catch (error) {
      if (!signal.aborted) deps.log.debug({ err: error }, 'the stream of engine events broke')
    }
    if (signal.aborted || deps.engine.closed) return
    if (!lost) yield { kind: 'lost' }
    lost = true
    await deps.clock.sleep(retryMs, signal).catch(() => {})
    retryMs = Math.min(retryMs * 2, slowestRetryMs)
  }
}

async function openStream(deps: WatchDeps, position: Position, signal: AbortSignal) {
  const { engine, timeoutMs, managerId } = deps
  const filters = { type: ['container'], event: Object.keys(actions), ...ownedBy(managerId) }
  const query = { since: position.sinceSeconds, filters: JSON.stringify(filters) }
  const opened = await engine.open(
    'listen to its events',
    { signal, timeoutMs },
    async (docker, abortSignal) => (await docker.getEvents({ ...query, abortSignal })) as IncomingMessage,
  )
  opened.value.socket.setKeepAlive(true, keepAliveMs)
  return opened
}

async function* readEvents(stream: IncomingMessage, position: Position): AsyncGenerator<RuntimeSignal> {
  const repeatedUntil = position.lastNano
  const engineNow = Date.parse(stream.headers.date ?? '')
  if (position.lastNano === 0 && !Number.isNaN(engineNow)) position.sinceSeconds = engineNow / 1000
  const lines = new JsonLines<EngineEvent>()
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    for (const event of lines.push(chunk)) {
      const nano = event.timeNano ?? (event.time ?? 0) * 1e9
      if (nano <= repeatedUntil) continue
      position.lastNano = nano
      position.sinceSeconds = nano / 1e9
      const hint = runtimeEvent(event, nano)
      if (hint) yield { kind: 'event', event: hint }
    }
  }
}

function runtimeEvent(event: EngineEvent, nano: number): RuntimeEvent | undefined {
  const followerId = event.Actor?.Attributes?.[labels.follower]
  const containerId = event.Actor?.ID
  if (followerId === undefined || containerId === undefined) return undefined
  const action = actions[event.Action ?? ''] ?? 'other'
  return { followerId, containerId, action, at: Math.floor(nano / 1e6) }
}
