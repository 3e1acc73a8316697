// Follows a gateway's log by fetch, because EventSource cannot carry a token; comes back after a break.
import { readEvents } from '../../../src/cli/server-sent-events.ts'
import { ApiProblem, open } from '../api.ts'
import { asProblem } from '../polled.ts'

export type FollowState =
  | { readonly kind: 'opening' }
  | { readonly kind: 'following' }
  /** The container has ended; there is no more to come from it. */
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

/** Reads until the log ends or `signal` aborts. A token that is refused ends it too: the login page takes over. */
export async function followLog(followerId: string, reader: LogReader, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      reader.onState({ kind: 'opening' })
      const response = await open(`/gateways/${encodeURIComponent(followerId)}/logs`, {
        query: { follow: true, tail },
        accept: 'text/event-stream',
        signal,
      })
      reader.onBegin()
      reader.onState({ kind: 'following' })
      for await (const { event, data } of readEvents(bytesOf(response))) {
        if (event === 'error')
          throw new ApiProblem({ title: 'The log broke', status: 0, ...JSON.parse(data) })
        failures = 0
        reader.onLine(data)
      }
      return reader.onState({ kind: 'ended' })
    } catch (error) {
      if (signal.aborted) return
      const problem = asProblem(error)
      reader.onState({ kind: 'broken', detail: problem.detail })
      if ([401, 404].includes(problem.status)) return
    }
    await pause(pausesMs[Math.min(failures, pausesMs.length - 1)] ?? 0, signal)
  }
}

async function* bytesOf({ body }: Response): AsyncGenerator<Uint8Array> {
  if (!body) return
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    // Whoever stops reading wants no more of it.
    void reader.cancel().catch(() => {})
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
