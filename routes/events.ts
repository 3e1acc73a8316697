// The audit history.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { EventList, EventsQuery } from '../schemas/system.ts'
import { answer, problems } from './answers.ts'
import { paged } from './requests.ts'

export const events: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/events',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'listEvents',
        summary: 'Who did what, and what happened',
        tags: ['events'],
        querystring: EventsQuery,
        response: {
          200: answer(EventList, 'Oldest first; `nextCursor` of a full page is the `since` of the next.'),
          ...problems(),
        },
      },
    },
    async (request) => {
      const query = paged(request.query)
      const items = await app.fleet.listEvents(query)
      const last = items.at(-1)
      return { items, ...(last && items.length === query.limit && { nextCursor: last.id }) }
    },
  )
}
