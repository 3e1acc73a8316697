// The fleet as a whole and the machine under it, from the monitor's snapshot.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { IbStatus, SystemStatus } from '../schemas/system.ts'
import { answer, problems } from './answers.ts'
import { clientGone } from './requests.ts'

const tags = ['system']

export const system: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/system/ib-status',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'getIbStatus',
        summary: "Every IB session, from the monitor's snapshot",
        tags,
        response: { 200: answer(IbStatus, 'The snapshot.'), ...problems() },
      },
    },
    async () => app.fleet.ibStatus(),
  )

  app.get(
    '/system/system-status',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'getSystemStatus',
        summary: 'Version, host, dependencies, monitor and bots',
        tags,
        response: { 200: answer(SystemStatus, 'The status.'), ...problems() },
      },
    },
    (_request, reply) => app.fleet.systemStatus(clientGone(reply)),
  )
}
