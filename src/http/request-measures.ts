// One observation per request for the figures: its route's pattern, method, status and time. No path, no header, no body.
import type { FastifyInstance } from 'fastify'
import type { Metrics } from '../ports/metrics.ts'

/** Tells `metrics` of each request of `app` once it is answered. */
export function measureRequests(app: FastifyInstance, metrics: Metrics): void {
  app.addHook('onResponse', async ({ method, routeOptions }, { statusCode, elapsedTime }) => {
    metrics.requestAnswered({ method, route: routeOptions.url, status: statusCode, ms: elapsedTime })
  })
}
