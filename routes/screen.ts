// Where a gateway's screen is shown, with its password: for admins only.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { FollowerParams } from '../schemas/common.ts'
import { GatewayScreen } from '../schemas/gateway.ts'
import { answer, problems } from './answers.ts'
import { clientGone } from './requests.ts'

export const screen: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/gateways/:id/screen',
    {
      config: { access: 'admin' },
      schema: {
        operationId: 'getGatewayScreen',
        summary: "Access to the gateway's screen over VNC, to answer a dialog; who saw it is noted",
        tags: ['gateways'],
        params: FollowerParams,
        response: {
          200: answer(GatewayScreen, 'Where it is shown, and the password of this container.'),
          ...problems(404, 409),
        },
      },
    },
    async (request, reply) => app.fleet.gatewayScreen(request.params.id, request.caller, clientGone(reply)),
  )
}
