// What the gap filler is doing, and a scan out of turn.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { GapFillerStatus, ScanStarted } from '../schemas/market-data.ts'
import { answer, bodyProblems, problems } from './answers.ts'

const tags = ['market data']

export const gapFiller: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/system/gap-filler-status',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'getGapFillerStatus',
        summary: 'What the gap filler is doing, has done, and will do next',
        tags,
        response: { 200: answer(GapFillerStatus, 'The status.'), ...problems() },
      },
    },
    async () => app.marketData.gapFillerStatus(),
  )

  app.post(
    '/system/gap-filler/force-scan',
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'forceScan',
        summary: 'Look for gaps now, and fill them',
        tags,
        response: { 202: answer(ScanStarted, 'It has begun.'), ...bodyProblems(409) },
      },
    },
    async (request, reply) => {
      reply.code(202)
      return app.marketData.forceScan(request.caller)
    },
  )
}
