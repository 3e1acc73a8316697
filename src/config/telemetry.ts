// Where figures and traces go, from OpenTelemetry's standard variables. What is not named here, its SDK reads by itself.
import type { Kind } from './values.ts'
import type { Values } from './variables.ts'

export interface TelemetryConfig {
  /** `service.name` of all that is sent. */
  readonly serviceName: string
  /** The whole address that metrics are posted to; absent: they are not sent. */
  readonly metricsUrl?: string
  /** The same for traces. */
  readonly tracesUrl?: string
  readonly metricIntervalMs: number
}

/** An address that OTLP over HTTP is posted to. A login in it would reach the log; it belongs in the headers. */
export const collectorAddress: Kind<string> = {
  takes: 'an http:// or https:// URL without a login',
  parse(text) {
    if (!/^https?:\/\/\S+$/.test(text) || !URL.canParse(text)) return undefined
    const { username, password } = new URL(text)
    return username || password ? undefined : text
  },
}

/** `name=value,name=value`, values percent-encoded (the OTLP exporter's specification). */
export const collectorHeaders: Kind<Readonly<Record<string, string>>> = {
  takes: 'name=value pairs, separated by commas, values percent-encoded',
  parse(text) {
    const pairs = text.split(',').map((pair) => /^\s*([!#$%&'*+.^_`|~\w-]+)\s*=\s*(\S.*?)\s*$/.exec(pair))
    try {
      return Object.fromEntries(
        pairs.map((pair) => {
          const [, name = '', value = ''] = pair ?? []
          if (name === '') throw new TypeError('no pair')
          return [name, decodeURIComponent(value)]
        }),
      )
    } catch {
      return undefined
    }
  },
}

/** Absent when nothing is to be sent. */
export function telemetryConfig(v: Values): TelemetryConfig | undefined {
  const metricsUrl = v.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT ?? signalUrl(v, 'metrics')
  const tracesUrl = v.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? signalUrl(v, 'traces')
  if (v.OTEL_SDK_DISABLED || (metricsUrl ?? tracesUrl) === undefined) return undefined
  return {
    serviceName: v.OTEL_SERVICE_NAME,
    ...(metricsUrl !== undefined && { metricsUrl }),
    ...(tracesUrl !== undefined && { tracesUrl }),
    metricIntervalMs: v.OTEL_METRIC_EXPORT_INTERVAL,
  }
}

/** The general endpoint is the base of each signal's; one of a signal's own is taken as it is. */
function signalUrl({ OTEL_EXPORTER_OTLP_ENDPOINT: base }: Values, signal: string): string | undefined {
  return base === undefined ? undefined : `${base.replace(/\/+$/, '')}/v1/${signal}`
}
