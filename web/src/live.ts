// The live stream: read by fetch, because EventSource cannot carry a token; the only writer of the store.
import { batch } from '@preact/signals'
import { readEvents } from '../../src/cli/server-sent-events.ts'
import { ApiProblem, open } from './api.ts'
import { bodyBytes } from './body-bytes.ts'
import { reconnectDelayMs, silenceMs } from './live/reconnect.ts'
import { applyMessages, emptySnapshot, type Message, readMessage, type Snapshot } from './live/snapshot.ts'
import { here, leaveLogin } from './router.ts'
import { alerts, type Connection, connection, gateways, history, loaded, setManagerTime } from './store.ts'
import { token } from './token.ts'

const frameMs = 16
/** Two renderings. */
const apartMs = 100

let snapshot: Snapshot = emptySnapshot
let pending: Message[] = []
let lastEventId: string | undefined
let heardAt = Date.now()
let shownAtMs = Number.NEGATIVE_INFINITY
let current: AbortController | undefined
let wake = () => {}

/** Opens the stream and keeps it open, with the token of now; an older one is closed. */
export function startLive(): void {
  current?.abort()
  current = new AbortController()
  void keepOpen(current.signal)
}

/** Closes the stream and forgets what it told, as for somebody who has logged out. */
export function stopLive(): void {
  current?.abort()
  snapshot = emptySnapshot
  pending = []
  lastEventId = undefined
  publish()
  loaded.value = false
  tell({ state: 'closed', since: Date.now() })
}

/** Tries again now instead of at the end of the pause. */
export function retryNow(): void {
  wake()
}

window.addEventListener('online', retryNow)
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) retryNow()
})

async function keepOpen(signal: AbortSignal): Promise<void> {
  let failures = 0
  if (!loaded.peek()) tell({ state: 'connecting', since: Date.now() })
  while (!signal.aborted) {
    const problem = await readOnce(signal, () => {
      failures = 0
    })
    if (signal.aborted) return
    if (problem.status === 401) return tell({ state: 'closed', since: Date.now(), detail: problem.detail })
    failures += 1
    const delayMs = reconnectDelayMs(failures, Math.random())
    tell({ state: 'stale', since: heardAt, detail: problem.detail, retryAt: Date.now() + delayMs })
    await pause(delayMs, signal)
  }
}

/** One connection, from its opening to its end; the problem that ended it. */
async function readOnce(signal: AbortSignal, onOpen: () => void): Promise<ApiProblem> {
  const silent = new AbortController()
  const watch = setInterval(() => {
    if (Date.now() - heardAt > silenceMs) silent.abort()
  }, 1_000)
  const openedAt = Date.now()
  try {
    // A connection that never answers is silent, too; but silence is counted from its beginning.
    const heardBefore = heardAt
    heardAt = openedAt
    const response = await open('/events/stream', {
      query: { include: 'history,gateways,alerts' },
      accept: 'text/event-stream',
      headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
      signal: AbortSignal.any([signal, silent.signal]),
    }).catch((error: unknown) => {
      heardAt = heardBefore
      throw error
    })
    // A server without tokens needs no login.
    if (token() === undefined && here.value.page === 'login') leaveLogin()
    receive({ kind: 'opened' })
    onOpen()
    for await (const { event, data, id } of readEvents(bodyBytes(response, heard))) {
      if (event === 'error') return new ApiProblem({ title: 'Stream ended', status: 0, ...JSON.parse(data) })
      const message = readMessage(event, data)
      if (id !== undefined) lastEventId = id
      if (message) receive(message)
    }
    return lost('The manager ended the stream.')
  } catch (error) {
    if (error instanceof ApiProblem) return error
    if (silent.signal.aborted) return lost(`Nothing was heard for ${silenceMs / 1000} s.`)
    return lost('The connection broke.')
  } finally {
    clearInterval(watch)
  }
}

function lost(detail: string): ApiProblem {
  return new ApiProblem({ title: 'Stream lost', detail, code: 'STREAM_LOST', status: 0 })
}

/** Each arrival, a keep-alive too, shows that the manager lives. */
function heard(): void {
  heardAt = Date.now()
}

/**
 * Messages of one moment are shown at once: one rendering for a fleet that starts, not a thousand. The first after a quiet moment is shown with the next
 * frame; where heartbeats come without end, ten times a second is as often as an eye can follow.
 */
function receive(message: Message): void {
  if (pending.length === 0) setTimeout(flush, Math.max(frameMs, shownAtMs + apartMs - performance.now()))
  pending.push(message)
}

function flush(): void {
  const messages = pending
  pending = []
  shownAtMs = performance.now()
  if (messages.length === 0) return
  snapshot = applyMessages(snapshot, messages)
  const synced = messages.findLast((message) => message.kind === 'synced')
  batch(() => {
    publish()
    if (synced === undefined) return
    setManagerTime(synced.asOf)
    loaded.value = true
    tell({ state: 'live', since: Date.now() })
  })
}

function publish(): void {
  gateways.value = snapshot.gateways
  alerts.value = snapshot.alerts
  history.value = snapshot.history
}

function tell(next: Connection): void {
  connection.value = next
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise<void>((resolve) => {
    setTimeout(resolve, ms)
    wake = resolve
    signal.addEventListener('abort', () => resolve(), { once: true })
  }).then(() => {
    wake = () => {}
  })
}
