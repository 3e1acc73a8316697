// Alerts: what needs a person, and that somebody has seen it.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Alert, AlertList, AlertParams, AlertsQuery } from '../schemas/alert.ts'
import type { AlertPlace } from '../src/ports/fleet.ts'
import { answer, bodyProblems, problems } from './answers.ts'
import { isOn, paged } from './requests.ts'

const tags = ['alerts']

export const alerts: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/alerts',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'listAlerts',
        summary: 'List open and recent alerts',
        tags,
        querystring: AlertsQuery,
        response: { 200: answer(AlertList, 'Newest first.'), ...problems() },
      },
    },
    async (request) => {
      const { open, cursor, limit, ...query } = paged(request.query)
      const alerts = await app.fleet.listAlerts({
        ...query,
        ...(open !== undefined && { open: isOn(open) }),
        ...(cursor !== undefined && { after: placeAt(cursor) }),
        // The one too many tells that there is another page.
        limit: limit + 1,
      })
      const items = alerts.slice(0, limit)
      const last = items.at(-1)
      return { items, ...(last && alerts.length > limit && { nextCursor: cursorAt(last) }) }
    },
  )

  app.post(
    '/alerts/:id/acknowledge',
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'acknowledgeAlert',
        summary: 'Say that somebody has seen to an alert',
        tags,
        params: AlertParams,
        response: { 200: answer(Alert, 'The alert.'), ...bodyProblems(404) },
      },
    },
    (request) => app.fleet.acknowledgeAlert(request.params.id, request.caller),
  )
}

const cursorAt = ({ raisedAt, id }: AlertPlace) => `${raisedAt}/${id}`

/** Of a cursor that has the form of the schema: no other comes this far. */
function placeAt(cursor: string): AlertPlace {
  const [raisedAt = '', id = ''] = cursor.split('/')
  return { raisedAt, id }
}
