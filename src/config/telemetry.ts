// Where figures and traces go, from OpenTelemetry's standard variables. What is not named here, its SDK reads by itself.
import { optional, type ValuesOf, type Variable, withDefault } from './reading.ts'
import { anyText, type Kind, matching, wholeNumber, word, yesOrNo } from './values.ts'

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
const collectorAddress: Kind<string> = {
  takes: 'an http:// or https:// URL without a login',
  parse(text) {
    if (!/^https?:\/\/\S+$/.test(text) || !URL.canParse(text)) return undefined
    const { username, password } = new URL(text)
    return username || password ? undefined : text
  },
}

/** `name=value,name=value`, values percent-encoded (the OTLP exporter's specification). */
const collectorHeaders: Kind<Readonly<Record<string, string>>> = {
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

export const telemetryVariables = {
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(
    collectorAddress,
    'Collector that metrics and traces are sent to, as OTLP over HTTP (JSON), like http://127.0.0.1:4318; nothing is sent when unset. The other OTEL_ variables of the SDK count too.',
  ),
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: optional(
    collectorAddress,
    'Another address for metrics alone, taken as it is; without it /v1/metrics of the collector.',
  ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: optional(
    collectorAddress,
    'Another address for traces alone, taken as it is; without it /v1/traces of the collector.',
  ),
  OTEL_EXPORTER_OTLP_HEADERS: {
    kind: collectorHeaders,
    about: 'Headers of each request to it, like authorization=Bearer%20secret, separated by commas.',
    secret: true,
  },
  OTEL_SERVICE_NAME: withDefault(anyText, 'ib-gateway-manager', 'Name of this service there.'),
  OTEL_METRIC_EXPORT_INTERVAL: withDefault(
    wholeNumber(100, 86_400_000),
    '60000',
    'Between two sendings of the metrics, in milliseconds.',
  ),
  OTEL_TRACES_SAMPLER: withDefault(
    word(
      'parentbased_always_on',
      'parentbased_always_off',
      'parentbased_traceidratio',
      'always_on',
      'always_off',
      'traceidratio',
    ),
    'parentbased_always_on',
    'Which traces are sent.',
  ),
  OTEL_TRACES_SAMPLER_ARG: optional(
    matching(/^(0(\.\d+)?|1(\.0+)?|\.\d+)$/, 'a share from 0 to 1'),
    'For traceidratio: the share of traces that is sent.',
  ),
  OTEL_SDK_DISABLED: withDefault(yesOrNo, 'false', 'true sends nothing, whatever else is set.'),
} satisfies Record<string, Variable<unknown>>

type Values = ValuesOf<typeof telemetryVariables>

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
