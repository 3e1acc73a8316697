// Counts answered HTTP requests: by route pattern, never by path, so that no caller can make series.
import { Histogram, type Registry } from 'prom-client'
import type { Metrics } from '../../ports/metrics.ts'

const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** Anybody may make up a method. */
const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

export function requestMeasures(registry: Registry): Metrics['requestAnswered'] {
  const durations = new Histogram({
    name: 'ibgm_http_request_duration_seconds',
    help: 'Answered HTTP requests by route, method and class of status; a path that no route has is `unknown`. A stream counts when it ends.',
    buckets,
    labelNames: ['route', 'method', 'status'],
    registers: [registry],
  })
  return ({ route = 'unknown', method, status, ms }) => {
    const labels = {
      route,
      method: methods.has(method) ? method : 'other',
      status: `${Math.floor(status / 100)}xx`,
    }
    durations.observe(labels, ms / 1000)
  }
}
