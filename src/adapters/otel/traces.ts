// Traces over OTLP/HTTP: OpenTelemetry's SDK, started only when there is somewhere to send them.
import type { Tracer } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { BatchSpanProcessor, NodeTracerProvider, type SpanExporter } from '@opentelemetry/sdk-trace-node'
import { type Collector, closeInTime, outageTeller } from './collector.ts'
import { resourceOf, type Sender } from './resource.ts'

export interface TraceOptions extends Sender, Collector {
  readonly headers?: Readonly<Record<string, string>>
}

export interface Traces {
  readonly tracer: Tracer
  /** Sends what is left and ends; gives up after two seconds. */
  close(): Promise<void>
}

/** Starts sending. A collector that is away costs one log line and the spans of that time, nothing else. */
export function startTraces(options: TraceOptions): Traces {
  const { url, headers, serviceVersion } = options
  followAsyncWork()
  const exporter = new OTLPTraceExporter({ url, ...(headers && { headers: { ...headers } }) })
  const provider = new NodeTracerProvider({
    resource: resourceOf(options),
    spanProcessors: [new BatchSpanProcessor(telling(exporter, options))],
  })
  return {
    tracer: provider.getTracer('ibgm', serviceVersion),
    close: () => closeInTime(options, 'traces', () => provider.shutdown()),
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

/** `exporter`, its outages told. */
function telling(exporter: SpanExporter, collector: Collector): SpanExporter {
  const tell = outageTeller(collector, 'traces', 'spans are dropped until they can')
  return {
    export(spans, onResult) {
      exporter.export(spans, (result) => {
        tell(result)
        onResult(result)
      })
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  }
}
