// Bars that the trading calendar expects and no file has.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { GapList, GapsQuery } from '../schemas/market-data.ts'
import { answer, problems } from './answers.ts'
import { paged } from './requests.ts'

export const gaps: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/gaps',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'listGaps',
        summary: 'List the open gaps of the last scan',
        tags: ['market data'],
        querystring: GapsQuery,
        response: { 200: answer(GapList, 'A page of gaps.'), ...problems() },
      },
    },
    async (request) => app.marketData.listGaps(paged(request.query)),
  )
}
