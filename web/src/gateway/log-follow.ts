// Follows a gateway's log by fetch, because EventSource cannot carry a token; comes back after a break.
import { readEvents } from '../../../src/cli/server-sent-events.ts'
import { ApiProblem, open } from '../api.ts'
import { bodyBytes } from '../body-bytes.ts'
import { asProblem } from '../polled.ts'

export type FollowState =
  | { readonly kind: 'opening' }
  | { readonly kind: 'following' }
  /** There is no more to come: the container has ended, or something between has had enough. */
  | { readonly kind: 'ended' }
  /** It broke, and is tried again after a pause. */
  | { readonly kind: 'broken'; readonly detail: string }

export interface LogReader {
  /** The stream begins (again) with the last lines there are: those shown so far are among them. */
  onBegin(): void
  onLine(text: string): void
  onState(state: FollowState): void
}

const tail = 200
const pausesMs = [1_000, 2_000, 5_000, 15_000]
const pauseAfterEndMs = 10_000

/**
 * Reads until `signal` aborts; a log that has ended is asked for again, because a proxy or a manager that goes away may have ended it. With
 * `once`, only to its end. A token that is refused ends it too: the login page takes over.
 */
export async function followLog(
  { followerId, once }: { readonly followerId: string; readonly once: boolean },
  reader: LogReader,
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      const response = await open(`/gateways/${encodeURIComponent(followerId)}/logs`, {
        query: { follow: true, tail },
        accept: 'text/event-stream',
        signal,
      })
      reader.onBegin()
      reader.onState({ kind: 'following' })
      for await (const { event, data } of readEvents(bodyBytes(response))) {
        if (event === 'error')
          throw new ApiProblem({ title: 'The log broke', status: 0, ...JSON.parse(data) })
        failures = 0
        reader.onLine(data)
      }
      reader.onState({ kind: 'ended' })
      if (once) return
      await pause(pauseAfterEndMs, signal)
      continue
    } catch (error) {
      if (signal.aborted) return
      const problem = asProblem(error)
      reader.onState({ kind: 'broken', detail: problem.detail })
      if ([401, 404].includes(problem.status)) return
    }
    await pause(pausesMs[Math.min(failures, pausesMs.length - 1)] ?? 0, signal)
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
}
