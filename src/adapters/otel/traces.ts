// Traces over OTLP/HTTP: OpenTelemetry's SDK, started only when there is somewhere to send them.
import type { Tracer } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { BatchSpanProcessor, NodeTracerProvider, type SpanExporter } from '@opentelemetry/sdk-trace-node'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import { resourceOf, type Sender } from './resource.ts'

export interface TraceOptions extends Sender {
  /** The whole address that spans are posted to. */
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly clock: Clock
  readonly log: Log
}

export interface Traces {
  readonly tracer: Tracer
  /** Sends what is left and ends; gives up after two seconds. */
  close(): Promise<void>
}

const closeMs = 2_000

/** Starts sending. A collector that is away costs one log line and the spans of that time, nothing else. */
export function startTraces(options: TraceOptions): Traces {
  const { url, headers, serviceVersion, clock, log } = options
  followAsyncWork()
  const exporter = new OTLPTraceExporter({ url, ...(headers && { headers: { ...headers } }) })
  const provider = new NodeTracerProvider({
    resource: resourceOf(options),
    spanProcessors: [new BatchSpanProcessor(telling(exporter, url, log))],
  })
  return {
    tracer: provider.getTracer('ibgm', serviceVersion),
    async close() {
      const over = new AbortController()
      const sent = provider.shutdown().catch(() => {
        // Said already, by the exporter.
      })
      const late = clock.sleep(closeMs, over.signal).then(
        () => log.warn({ url }, 'the collector does not answer; the last traces were not sent'),
        () => {},
      )
      await Promise.race([sent, late])
      over.abort()
    },
  }
}

let following = false

/**
 * What spans of all servers of this process share: that async work knows the span that it is part of, and W3C headers. Their providers stay
 * apart; the one that is registered here sends nothing.
 */
function followAsyncWork(): void {
  if (following) return
  following = true
  new NodeTracerProvider().register()
}

/** `exporter`, with a log line when it begins to fail and one when it works again. */
function telling(exporter: SpanExporter, url: string, log: Log): SpanExporter {
  let failing = false
  return {
    export(spans, onResult) {
      exporter.export(spans, (result) => {
        const failed = result.code !== 0
        if (failed && !failing)
          log.warn({ url, err: result.error }, 'traces cannot be sent; spans are dropped until they can')
        if (!failed && failing) log.info({ url }, 'traces are sent again')
        failing = failed
        onResult(result)
      })
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  }
}
