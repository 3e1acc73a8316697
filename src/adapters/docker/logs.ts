// The log of one container as lines, through broken streams.
import type { Clock } from '../../ports/clock.ts'
import { isFleetError } from '../../ports/errors.ts'
import type { LogLine } from '../../ports/runtime.ts'
import type { Engine } from './engine.ts'
import { LogFrames, LogLines, type StampedLine } from './log-frames.ts'

export interface LogDeps {
  readonly engine: Engine
  readonly clock: Clock
  readonly timeoutMs: number
  /** Whether the container's log can still grow. */
  isUp(containerId: string, signal: AbortSignal): Promise<boolean>
}

export interface LogOptions {
  readonly tail?: number
  readonly follow?: boolean
  readonly since?: number
}

/** A proxy cuts quiet streams now and then; one cut after another is waited for. */
const resumeDelayMs = 500

/** GatewayRuntime.logs. */
export async function* readLogs(
  deps: LogDeps,
  containerId: string,
  options: LogOptions,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const { since, tail, follow = false } = options
  let from = since === undefined ? {} : { since: (since / 1000).toFixed(3) }
  let wanted: { tail?: number } = tail === undefined ? {} : { tail }
  let last = ''
  try {
    for (;;) {
      const repeatedUntil = last
      const ending = { whole: false }
      for await (const line of readOnce(deps, containerId, { ...from, ...wanted, follow }, ending, signal)) {
        const { stamp, ...shown } = line
        if (stamp !== '' && stamp <= repeatedUntil) continue
        if (stamp > last) last = stamp
        yield shown
      }
      // A stream that broke may have missed the end; one that ended while the container lives was cut by a proxy.
      if (ending.whole && !(follow && (await deps.isUp(containerId, signal)))) return
      if (last !== '') {
        from = { since: engineSeconds(last) }
        wanted = {}
      }
      await deps.clock.sleep(resumeDelayMs, signal)
    }
  } catch (error) {
    if (!signal.aborted && !isFleetError(error, 'SHUTTING_DOWN')) throw error
  }
}

/** `ending.whole` tells whether the engine ended the stream itself, or it broke on the way. */
async function* readOnce(
  deps: LogDeps,
  containerId: string,
  query: { since?: string; tail?: number; follow: boolean },
  ending: { whole: boolean },
  signal: AbortSignal,
): AsyncGenerator<StampedLine> {
  const { follow, ...range } = query
  const options = { stdout: true, stderr: true, timestamps: true, ...range }
  const answer = await deps.engine.open(
    `read the log of ${containerId}`,
    { signal, timeoutMs: deps.timeoutMs },
    async (docker, abortSignal) => {
      const container = docker.getContainer(containerId)
      return follow
        ? ((await container.logs({ ...options, follow: true, abortSignal })) as AsyncIterable<Buffer>)
        : [await container.logs({ ...options, follow: false, abortSignal })]
    },
  )
  const frames = new LogFrames()
  const lines = new LogLines()
  try {
    for await (const chunk of answer.value) {
      for (const frame of frames.push(chunk)) yield* lines.push(frame)
    }
    ending.whole = true
  } catch (error) {
    if (signal.aborted) throw error
  } finally {
    answer.release()
  }
  // Of a broken stream the last line may be half a line; it comes again.
  if (ending.whole) yield* lines.flush()
}

/** The engine's `since` takes seconds with nine decimals, and includes that moment. */
function engineSeconds(stamp: string): string {
  return `${Math.floor(Date.parse(stamp) / 1000)}.${stamp.slice(20, 29)}`
}
