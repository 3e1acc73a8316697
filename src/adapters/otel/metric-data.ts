// The product's figures in OpenTelemetry's shape: pure. Names and values stay as they are in the Prometheus text.
import { type HrTime, ValueType } from '@opentelemetry/api'
import { AggregationTemporality, DataPointType, type MetricData } from '@opentelemetry/sdk-metrics'
import type { MetricFamily } from '../../ports/metrics.ts'

interface Span {
  readonly startTime: HrTime
  readonly endTime: HrTime
}

/** All counts run from `startMs` to `endMs`, epoch milliseconds. A value that is no number is left out. */
export function metricData(families: readonly MetricFamily[], startMs: number, endMs: number): MetricData[] {
  const span = { startTime: hrTime(startMs), endTime: hrTime(endMs) }
  return families.map((family) => familyData(family, span))
}

function familyData({ name, help, type, values: all }: MetricFamily, span: Span): MetricData {
  const values = all.filter(({ value }) => Number.isFinite(value))
  const base = {
    descriptor: { name, description: help, unit: unitOf(name), valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  }
  if (type === 'histogram')
    return { ...base, dataPointType: DataPointType.HISTOGRAM, dataPoints: histogramPoints(values, span) }
  const dataPoints = values.map(({ value, labels }) => ({ ...span, value, attributes: { ...labels } }))
  if (type === 'gauge') return { ...base, dataPointType: DataPointType.GAUGE, dataPoints }
  return { ...base, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints }
}

/** By the suffixes that Prometheus' naming asks for (UCUM's words for them). */
function unitOf(name: string): string {
  if (/_seconds(_total)?$/.test(name)) return 's'
  return /_bytes(_total)?$/.test(name) ? 'By' : ''
}

interface Buckets {
  readonly attributes: Record<string, string | number>
  readonly boundaries: number[]
  /** Cumulative, the one without a bound last. */
  readonly upTo: number[]
  sum: number
  count: number
}

function histogramPoints(values: MetricFamily['values'], span: Span) {
  const all = new Map<string, Buckets>()
  for (const { labels, value, metricName = '' } of values) {
    const { le, ...attributes } = labels
    const key = JSON.stringify(attributes)
    const buckets = all.get(key) ?? { attributes, boundaries: [], upTo: [], sum: 0, count: 0 }
    all.set(key, buckets)
    if (metricName.endsWith('_sum')) buckets.sum = value
    else if (metricName.endsWith('_count')) buckets.count = value
    else {
      buckets.upTo.push(value)
      if (le !== '+Inf') buckets.boundaries.push(Number(le))
    }
  }
  return Array.from(all.values(), ({ attributes, boundaries, upTo, sum, count }) => ({
    ...span,
    attributes,
    value: {
      buckets: { boundaries, counts: upTo.map((number, index) => number - (upTo[index - 1] ?? 0)) },
      sum,
      count,
    },
  }))
}

function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000)
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)]
}
