// Alerts: what needs a person, and that somebody has seen it.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Alert, AlertList, AlertParams, AlertsQuery } from '../schemas/alert.ts'
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
      const { open, ...query } = paged(request.query)
      return {
        items: await app.fleet.listAlerts({ ...query, ...(open !== undefined && { open: isOn(open) }) }),
      }
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
