// Bars: of a stretch of time, as JSON or CSV, and as they come.
import { addAbortSignal, Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from 'typebox'
import { ref } from '../schemas/common.ts'
import { BarStreamQuery, Bars, BarsQuery } from '../schemas/market-data.ts'
import { FleetError } from '../src/ports/errors.ts'
import type { Bar, BarsRequest } from '../src/ports/market-data.ts'
import { oneOf, problems, text } from './answers.ts'
import { barsAsCsv, barsAsJson, begun, csvFileName, wireBar } from './bar-text.ts'
import { eventText, sendEvents } from './event-stream.ts'
import { momentMs } from './moments.ts'
import { clientGone } from './requests.ts'

const tags = ['market data']

export const bars: FastifyPluginAsyncTypebox<{ heartbeatMs: number }> = async (app, { heartbeatMs }) => {
  const closing = new AbortController()
  app.addHook('preClose', async () =>
    closing.abort(
      new FleetError('SHUTTING_DOWN', 'The manager is shutting down. Try again once it is back.'),
    ),
  )

  app.get(
    '/bars',
    {
      config: { access: 'viewer' },
      // It would read all bars, and those of the stream for ever, for nobody.
      exposeHeadRoute: false,
      schema: {
        operationId: 'getBars',
        summary: 'Bars from the files, and what is missing there from IB while the data connection is up',
        tags,
        querystring: BarsQuery,
        response: {
          200: oneOf(
            'The bars, oldest first. Where they cannot be read to the end, the connection breaks: an answer that ends well is whole.',
            { 'application/json': ref(Bars), 'text/csv': Type.String() },
          ),
          ...problems(404, 409, 502),
        },
      },
    },
    async (request, reply) => {
      const signal = AbortSignal.any([clientGone(reply), closing.signal])
      const found = await app.marketData.bars(barsRequest(request.query), signal)
      const isCsv = request.query.format === 'csv'
      const chunks = await begun(isCsv ? barsAsCsv(found) : barsAsJson(found))
      if (isCsv) reply.header('content-disposition', `attachment; filename="${csvFileName(found)}"`)
      const stream = addAbortSignal(signal, Readable.from(chunks))
      // Fastify destroys the connection then, and says nothing.
      stream.once('error', (err) => {
        if (!signal.aborted) request.log.warn({ err, requestId: request.id }, 'bars broke off')
      })
      reply.type(isCsv ? 'text/csv; charset=utf-8' : 'application/json; charset=utf-8')
      return reply.send(stream)
    },
  )

  app.get(
    '/bars/stream',
    {
      config: { access: 'viewer' },
      exposeHeadRoute: false,
      schema: {
        operationId: 'streamBars',
        summary: 'Bars of five seconds as they come',
        tags,
        querystring: BarStreamQuery,
        response: {
          200: text(
            'Server-sent events: a Bar in JSON in each `data:`, comments while it is quiet, and an `error` event if it breaks.',
            'text/event-stream',
          ),
          ...problems(404, 409, 502),
        },
      },
    },
    async (request, reply) => {
      const { symbol } = request.query
      return sendEvents(request, reply, { heartbeatMs, closing: closing.signal }, async (signal) =>
        asEvents(await app.marketData.streamBars(symbol, signal)),
      )
    },
  )
}

function barsRequest({ symbol, timeframe, start, end, fetch }: Static<typeof BarsQuery>): BarsRequest {
  const startMs = start === undefined ? undefined : momentMs('start', start)
  const endMs = end === undefined ? undefined : momentMs('end', end)
  if (startMs !== undefined && endMs !== undefined && startMs >= endMs) {
    throw new FleetError('INVALID_REQUEST', 'start must lie before end, which is not included.', {
      faults: [{ path: 'query/start', message: 'must lie before end' }],
    })
  }
  return {
    symbol,
    timeframe,
    ...(startMs !== undefined && { startMs }),
    ...(endMs !== undefined && { endMs }),
    fetch: fetch !== 'false' && fetch !== '0',
  }
}

async function* asEvents(bars: AsyncIterable<Bar>): AsyncIterable<string> {
  for await (const bar of bars) yield eventText(JSON.stringify(wireBar(bar)))
}
