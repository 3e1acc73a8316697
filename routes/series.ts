// The series of bars that are kept. One has no id of its own: symbol and timeframe name it, in the query, since a symbol may hold anything.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ref } from '../schemas/common.ts'
import { Series, SeriesCreate, SeriesList, SeriesListQuery, SeriesQuery } from '../schemas/market-data.ts'
import { answer, bodyProblems, nothing, problems } from './answers.ts'
import { paged } from './requests.ts'

const tags = ['market data']

export const series: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/series',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'listSeries',
        summary: 'List the series that are tracked, and those found as files',
        tags,
        querystring: SeriesListQuery,
        response: { 200: answer(SeriesList, 'A page of series, by symbol and timeframe.'), ...problems() },
      },
    },
    async (request) => app.marketData.listSeries(paged(request.query)),
  )

  app.post(
    '/series',
    {
      config: { access: 'admin' },
      schema: {
        operationId: 'trackSeries',
        summary: 'Track a series: its gaps are looked for and filled',
        tags,
        body: ref(SeriesCreate),
        response: { 201: answer(Series, 'Tracked.', 'location'), ...bodyProblems(409) },
      },
    },
    async (request, reply) => {
      const tracked = await app.marketData.trackSeries(request.body, request.caller)
      const { symbol, timeframe } = tracked
      const query = `symbol=${encodeURIComponent(symbol)}&timeframe=${timeframe}`
      reply.code(201).header('location', `${app.prefix}/series?${query}`)
      return tracked
    },
  )

  app.delete(
    '/series',
    {
      config: { access: 'admin' },
      schema: {
        operationId: 'untrackSeries',
        summary: 'Track a series no longer; its file stays and is left alone',
        tags,
        querystring: SeriesQuery,
        response: { 204: nothing('No longer tracked.'), ...bodyProblems(404) },
      },
    },
    async (request, reply) => {
      await app.marketData.untrackSeries(request.query, request.caller)
      return reply.code(204).send(null)
    },
  )
}
