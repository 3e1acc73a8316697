// A collector for tests: an HTTP server that takes what the real exporter sends, as OTLP in JSON.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import { until } from '../fleet/world.ts'

type Value = { stringValue?: string; intValue?: number; doubleValue?: number; boolValue?: boolean }
interface KeyValue {
  readonly key: string
  readonly value: Value
}
interface RawSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly KeyValue[]
  readonly events: ReadonlyArray<{ readonly name: string }>
  readonly status: { readonly code: number; readonly message?: string }
}

export interface ReceivedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string | undefined
  readonly name: string
  /** Milliseconds since the epoch. */
  readonly from: number
  readonly to: number
  readonly attributes: Readonly<Record<string, unknown>>
  readonly resource: Readonly<Record<string, unknown>>
  readonly events: readonly string[]
  /** The words of a span that failed. */
  readonly error: string | undefined
}

export async function otlpReceiver(t: Test) {
  const bodies: string[] = []
  const spans: ReceivedSpan[] = []
  const server = createServer(async (request, response) => {
    const body = await text(request)
    bodies.push(`${request.method} ${request.url} ${body}`)
    if (request.url === '/v1/traces') spans.push(...readSpans(body))
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  t.teardown(close)
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    /** Everything that was sent, as it was sent. */
    bodies,
    /** The first span that fits, once it has come. */
    async span(name: string, fits: (span: ReceivedSpan) => boolean = () => true): Promise<ReceivedSpan> {
      const found = () => spans.find((span) => span.name === name && fits(span))
      const seen = await until(found, (span) => span !== undefined, `a span ${name}`)
      return seen as ReceivedSpan
    },
    close,
  }
}

function readSpans(body: string): ReceivedSpan[] {
  const { resourceSpans } = JSON.parse(body) as {
    resourceSpans: Array<{
      resource: { attributes: KeyValue[] }
      scopeSpans: Array<{ spans: RawSpan[] }>
    }>
  }
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans.map((span) => received(span, record(resource.attributes)))),
  )
}

function received(span: RawSpan, resource: Record<string, unknown>): ReceivedSpan {
  const { traceId, spanId, parentSpanId, name, status } = span
  return {
    ...{ traceId, spanId, name, resource },
    parentId: parentSpanId || undefined,
    from: Number(span.startTimeUnixNano) / 1e6,
    to: Number(span.endTimeUnixNano) / 1e6,
    attributes: record(span.attributes),
    events: (span.events ?? []).map((event) => event.name),
    error: status.code === 2 ? (status.message ?? '') : undefined,
  }
}

const record = (pairs: readonly KeyValue[]) =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, Object.values(value)[0]]))
