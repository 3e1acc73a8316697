// The product's figures, for Prometheus and its like.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Metrics } from '../src/ports/metrics.ts'
import { problems, text } from './answers.ts'

export const metrics: FastifyPluginAsyncTypebox<{ metrics: Metrics }> = async (app, { metrics }) => {
  app.get(
    '/metrics',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'getMetrics',
        summary: 'Figures of fleet, market data, requests and process, for Prometheus',
        tags: ['probes'],
        response: {
          200: text(
            "Every figure as it stands, in Prometheus' text format 0.0.4; docs/metrics.md lists them.",
            'text/plain',
          ),
          ...problems(),
        },
      },
    },
    async (_request, reply) => {
      const figures = await metrics.text()
      return reply.type(metrics.contentType).send(figures)
    },
  )
}
