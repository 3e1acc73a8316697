// Client ids for bots: leased, renewed, released.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { FollowerParams, ref } from '../schemas/common.ts'
import { Lease, LeaseBody, LeaseParams, LeaseRenewal } from '../schemas/lease.ts'
import { answer, bodyProblems, nothing } from './answers.ts'

const tags = ['clients']

export const leases: FastifyPluginAsyncTypebox = async (app) => {
  app.post(
    '/gateways/:id/clients',
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'leaseClient',
        summary: 'Lease a client id on a RUNNING gateway; the same purpose always gets the same id',
        tags,
        params: FollowerParams,
        body: ref(LeaseBody),
        response: { 201: answer(Lease, 'Leased until `expiresAt`.', 'location'), ...bodyProblems(404, 409) },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const lease = await app.fleet.lease(id, request.body, request.caller)
      reply.code(201).header('location', `${app.prefix}/gateways/${id}/clients/${lease.clientId}`)
      return lease
    },
  )

  app.put(
    '/gateways/:id/clients/:clientId',
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'renewClient',
        summary: 'Renew a lease',
        tags,
        params: LeaseParams,
        body: ref(LeaseRenewal),
        response: { 200: answer(Lease, 'Renewed.'), ...bodyProblems(404, 409) },
      },
    },
    (request) => {
      const { id, clientId } = request.params
      return app.fleet.renewLease(id, clientId, request.body.ttlSeconds, request.caller)
    },
  )

  app.delete(
    '/gateways/:id/clients/:clientId',
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'releaseClient',
        summary: 'Release a lease',
        tags,
        params: LeaseParams,
        response: { 204: nothing('Released.'), ...bodyProblems(404) },
      },
    },
    async (request, reply) => {
      await app.fleet.releaseLease(request.params.id, request.params.clientId, request.caller)
      return reply.code(204).send(null)
    },
  )
}
