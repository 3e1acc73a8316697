// Faults for simulated gateways; the core knows none where gateways are real.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ref } from '../schemas/common.ts'
import { FaultBody, FaultParams } from '../schemas/system.ts'
import { bodyProblems, nothing } from './answers.ts'

export const simulator: FastifyPluginAsyncTypebox = async (app) => {
  app.post(
    '/simulator/:followerId/faults',
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'injectFault',
        summary: 'Break a simulated gateway, or mend it',
        tags: ['simulator'],
        params: FaultParams,
        body: ref(FaultBody),
        response: { 204: nothing('Done.'), ...bodyProblems(404, 409) },
      },
    },
    async (request, reply) => {
      const { fault, value } = request.body
      await app.fleet.injectFault(request.params.followerId, fault, value, request.caller)
      return reply.code(204).send(null)
    },
  )
}
