// Gateways: what they are doing, and the verbs that change it.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { FollowerParams, Problem, ref } from '../schemas/common.ts'
import {
  BulkBody,
  BulkResult,
  Gateway,
  GatewayHealth,
  GatewayList,
  GatewayStatusView,
  GatewaysQuery,
  HealthQuery,
  RestartBody,
  WaitQuery,
} from '../schemas/gateway.ts'
import { GatewayTimeline, TimelineQuery } from '../schemas/gateway-timeline.ts'
import type { BulkOutcome, VerbOptions, VerbOutcome } from '../src/ports/fleet.ts'
import { problemOf } from '../src/problems.ts'
import { answer, bodyProblems, problems } from './answers.ts'
import { clientGone, isOn, paged } from './requests.ts'

const tags = ['gateways']

export const gateways: FastifyPluginAsyncTypebox = async (app) => {
  const verbAnswers = {
    200: answer(Gateway, 'Already so, or settled within the wait; FAILED comes with its reason.'),
    202: answer(Gateway, 'Accepted and going on.', 'location'),
  }

  app.get(
    '/gateways',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'listGateways',
        summary: 'List gateways, with counts of the whole fleet',
        tags,
        querystring: GatewaysQuery,
        response: { 200: answer(GatewayList, 'A page of gateways, by follower.'), ...problems() },
      },
    },
    async (request) => app.fleet.listGateways(paged(request.query)),
  )

  app.get(
    '/gateways/:id',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'getGateway',
        summary: 'Everything known of a gateway',
        tags,
        params: FollowerParams,
        response: { 200: answer(Gateway, 'The gateway.'), ...problems(404) },
      },
    },
    async (request) => app.fleet.getGateway(request.params.id),
  )

  app.get(
    '/gateways/:id/status',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'getGatewayStatus',
        summary: 'Status, phase and reason of a gateway',
        tags,
        params: FollowerParams,
        response: { 200: answer(GatewayStatusView, 'Its status.'), ...problems(404) },
      },
    },
    async (request) => app.fleet.gatewayStatus(request.params.id),
  )

  app.get(
    '/gateways/:id/health',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'getGatewayHealth',
        summary: 'Whether a bot may use this gateway, layer by layer',
        tags,
        params: FollowerParams,
        querystring: HealthQuery,
        response: {
          ...problems(404),
          200: answer(GatewayHealth, 'Healthy; degraded counts as healthy. With `report`, in any case.'),
          503: {
            description: 'Not healthy: `failing` names the first layer. Or the manager is shutting down.',
            content: {
              'application/json': { schema: ref(GatewayHealth) },
              'application/problem+json': { schema: ref(Problem) },
            },
          },
        },
      },
    },
    async (request, reply) => {
      const health = app.fleet.gatewayHealth(request.params.id)
      return reply
        .code(health.healthy || isOn(request.query.report) ? 200 : 503)
        .type('application/json')
        .send(health)
    },
  )

  app.get(
    '/gateways/:id/timeline',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'getGatewayTimeline',
        summary: 'What a gateway has been through: its phases, its heartbeats, its outages',
        tags,
        params: FollowerParams,
        querystring: TimelineQuery,
        response: { 200: answer(GatewayTimeline, 'The last hours.'), ...problems(404) },
      },
    },
    (request) => app.fleet.gatewayTimeline(request.params.id, request.query.hours ?? 24),
  )

  app.post(
    '/gateways/:id/launch',
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'launchGateway',
        summary: 'Launch a gateway, and keep it running',
        tags,
        params: FollowerParams,
        querystring: WaitQuery,
        response: { ...verbAnswers, ...bodyProblems(404, 409) },
      },
    },
    async (request, reply) =>
      settled(reply, await app.fleet.launchGateway(request.params.id, verbOptions(request, reply))),
  )

  app.post(
    '/gateways/:id/stop',
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'stopGateway',
        summary: 'Stop a gateway, and keep it stopped',
        tags,
        params: FollowerParams,
        querystring: WaitQuery,
        response: { ...verbAnswers, ...bodyProblems(404, 409) },
      },
    },
    async (request, reply) =>
      settled(reply, await app.fleet.stopGateway(request.params.id, verbOptions(request, reply))),
  )

  app.post(
    '/gateways/:id/restart',
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'restartGateway',
        summary: 'Restart a gateway: soft (no 2FA, the default) or with a new container',
        tags,
        params: FollowerParams,
        querystring: WaitQuery,
        body: ref(RestartBody),
        response: { ...verbAnswers, ...bodyProblems(404, 409) },
      },
    },
    async (request, reply) => {
      const { mode = 'soft' } = request.body
      return settled(
        reply,
        await app.fleet.restartGateway(request.params.id, mode, verbOptions(request, reply)),
      )
    },
  )

  app.post(
    '/gateways/:id/reconnect',
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'reconnectGateway',
        summary: "Drop and reopen the manager's own API session",
        tags,
        params: FollowerParams,
        querystring: WaitQuery,
        response: { ...verbAnswers, ...bodyProblems(404, 409) },
      },
    },
    async (request, reply) =>
      settled(reply, await app.fleet.reconnectGateway(request.params.id, verbOptions(request, reply))),
  )

  for (const verb of ['launch', 'stop'] as const) {
    app.post(
      `/gateways/${verb}`,
      {
        config: { access: 'operator' },
        schema: {
          operationId: `${verb}Gateways`,
          summary: `${verb === 'launch' ? 'Launch' : 'Stop'} many gateways: those named, or all`,
          tags,
          body: ref(BulkBody),
          response: {
            202: answer(BulkResult, 'What each single call would have answered.'),
            ...bodyProblems(),
          },
        },
      },
      async (request, reply) => {
        const outcomes = await app.fleet.bulk(verb, request.body.followerIds, request.caller)
        return reply.code(202).send({ results: outcomes.map((outcome) => bulkAnswer(outcome, request.id)) })
      },
    )
  }

  function settled(reply: FastifyReply, { outcome, gateway }: VerbOutcome): Gateway {
    if (outcome === 'pending') {
      reply.code(202).header('location', `${app.prefix}/gateways/${gateway.followerId}`)
    }
    return gateway
  }
}

/** As the single call would have answered. */
function bulkAnswer(outcome: BulkOutcome, instance: string): BulkResult['results'][number] {
  const { followerId } = outcome
  if ('done' in outcome) {
    const { outcome: how, gateway } = outcome.done
    return { followerId, status: how === 'pending' ? 202 : 200, gateway }
  }
  const problem = problemOf(outcome.failed, instance)
  return { followerId, status: problem.status, problem }
}

function verbOptions(
  request: FastifyRequest & { query: { wait?: number } },
  reply: FastifyReply,
): VerbOptions {
  return { ...request.caller, waitMs: (request.query.wait ?? 0) * 1000, signal: clientGone(reply) }
}
