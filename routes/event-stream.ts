// Server-sent events (WHATWG HTML §9.2) from anything that can be iterated.
import { PassThrough, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { isFleetError } from '../src/ports/errors.ts'
import type { Log } from '../src/ports/log.ts'

/**
 * One `data:` event per item. A comment comes first, so that the client sees the stream open, and again every `heartbeatMs`, so that proxies
 * keep it and a lost client is noticed. Ends when `items` ends; if they fail, with an `error` event. Destroying it ends the iteration.
 */
export function eventStream(
  items: AsyncIterable<string>,
  heartbeatMs: number,
  log: Pick<Log, 'warn'>,
): Readable {
  const out = new PassThrough()
  const heartbeat = setInterval(() => {
    if (out.writable) out.write(comment)
  }, heartbeatMs)
  out.once('close', () => clearInterval(heartbeat))
  // A client that left is not an error; everything else is told in the stream itself.
  pipeline(eventsOf(items, log), out).catch(() => {})
  return out
}

const comment = ':\n\n'

async function* eventsOf(items: AsyncIterable<string>, log: Pick<Log, 'warn'>): AsyncIterable<string> {
  yield comment
  try {
    for await (const item of items) yield dataOf(item)
  } catch (error) {
    log.warn({ err: error }, 'event stream broke')
    const shown = isFleetError(error)
      ? { code: error.code, detail: error.message }
      : { code: 'INTERNAL', detail: 'The stream broke here; the log tells more.' }
    yield `event: error\n${dataOf(JSON.stringify(shown))}`
  }
}

function dataOf(text: string): string {
  const lines = text.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`)
  return `${lines.join('')}\n`
}
