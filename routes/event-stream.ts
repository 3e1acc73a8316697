// Server-sent events (WHATWG HTML §9.2) from anything that can be iterated: opened, kept alive and ended for every route that has some.
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { FleetError, isFleetError } from '../src/ports/errors.ts'
import { answerOver } from './requests.ts'

/** How soon the stream of a revoked token ends. */
const welcomeCheckMs = 1_000

export interface EventStreamOptions {
  /** How often a quiet stream sends a comment, so that proxies keep it and a lost client is noticed. */
  readonly heartbeatMs: number
  /** Ends the stream quietly. */
  readonly closing: AbortSignal
  /** Sent first, so that the client sees the stream open [a comment]. */
  readonly opening?: string
}

/** One event on the wire. Its data may have several lines; without a name it is a `message`. */
export function eventText(data: string, { id, name }: { id?: string; name?: string } = {}): string {
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`)
  return `${id === undefined ? '' : `id: ${id}\n`}${name === undefined ? '' : `event: ${name}\n`}${lines.join('')}\n`
}

/** The `error` event for a failure; one that is not ours is not told. */
export function errorText(error: unknown): string {
  const shown = isFleetError(error)
    ? { code: error.code, detail: error.message }
    : { code: 'INTERNAL', detail: 'The stream broke here; the log tells more.' }
  return eventText(JSON.stringify(shown), { name: 'error' })
}

/**
 * Answers with the events that `open` gives, each as `eventText` made it; a failure of `open` itself is an ordinary problem. The stream ends when
 * they end or the app closes; with an `error` event when they fail or the caller's token is good no more. What is not read yet stays with `open`:
 * a client that does not read holds some kilobytes here, and nobody up.
 */
export async function sendEvents(
  request: FastifyRequest,
  reply: FastifyReply,
  { heartbeatMs, closing, opening = comment }: EventStreamOptions,
  open: (signal: AbortSignal) => AsyncIterable<string> | Promise<AsyncIterable<string>>,
): Promise<FastifyReply> {
  const unwelcome = new AbortController()
  const ending = AbortSignal.any([answerOver(reply), closing, unwelcome.signal])
  const events = await open(ending)
  const out = Readable.from(told(events, { opening, ending, request }), {
    objectMode: false,
    highWaterMark: 1,
  })
  const timers = [
    setInterval(
      () => {
        if (!request.mayStillListen()) unwelcome.abort(revoked())
      },
      Math.min(heartbeatMs, welcomeCheckMs),
    ),
    setInterval(() => {
      // Not onto what a slow reader has left lying.
      if (out.readableFlowing && out.readableLength === 0 && !ending.aborted) out.push(comment)
    }, heartbeatMs),
  ]
  out.once('close', () => timers.forEach(clearInterval))
  // Who has left unread what there was would not read the end either, and closing the app would wait for it.
  ending.addEventListener('abort', () => reply.raw.writableNeedDrain && reply.raw.destroy(), { once: true })
  // Proxies that gather answers, nginx first of all, would hold events back.
  return reply
    .headers({ 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' })
    .type('text/event-stream')
    .send(out)
}

const comment = ':\n\n'

interface Telling {
  readonly opening: string
  readonly ending: AbortSignal
  readonly request: FastifyRequest
}

async function* told(
  events: AsyncIterable<string>,
  { opening, ending, request }: Telling,
): AsyncIterable<string> {
  yield opening
  try {
    yield* events
  } catch (error) {
    if (!ending.aborted) {
      request.log.warn({ err: error, requestId: request.id }, 'event stream broke')
      yield errorText(error)
    }
  }
  if (isFleetError(ending.reason, 'UNAUTHORIZED')) yield errorText(ending.reason)
}

function revoked(): FleetError {
  return new FleetError('UNAUTHORIZED', 'The token of this stream is good no more.')
}
