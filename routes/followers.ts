// Follower records and their credentials.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { FollowerParams, ref } from '../schemas/common.ts'
import {
  CredentialsBody,
  CredentialsQuery,
  Follower,
  FollowerCreate,
  FollowerList,
  FollowerPatch,
  FollowersQuery,
  IfMatchHeader,
} from '../schemas/follower.ts'
import { answer, bodyProblems, nothing, problems } from './answers.ts'
import { paged, revisionsOf } from './requests.ts'

const tags = ['followers']

export const followers: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/followers',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'listFollowers',
        summary: 'List follower records',
        tags,
        querystring: FollowersQuery,
        response: { 200: answer(FollowerList, 'A page of records, by id.'), ...problems() },
      },
    },
    (request) => app.fleet.listFollowers(paged(request.query)),
  )

  app.post(
    '/followers',
    {
      config: { access: 'admin' },
      schema: {
        operationId: 'createFollower',
        summary: 'Create a follower; enabled and ACTIVE, its gateway is launched',
        tags,
        body: ref(FollowerCreate),
        response: {
          201: answer(Follower, 'Created.', 'location', 'etag'),
          ...bodyProblems(409),
        },
      },
    },
    async (request, reply) => {
      const follower = await app.fleet.createFollower(request.body, request.caller)
      reply.code(201).header('location', `${app.prefix}/followers/${follower.id}`)
      return tagged(reply, follower)
    },
  )

  app.get(
    '/followers/:id',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'getFollower',
        summary: 'Read a follower record',
        tags,
        params: FollowerParams,
        response: { 200: answer(Follower, 'The record.', 'etag'), ...problems(404) },
      },
    },
    async (request, reply) => tagged(reply, await app.fleet.getFollower(request.params.id)),
  )

  app.patch(
    '/followers/:id',
    {
      config: { access: 'admin' },
      schema: {
        operationId: 'patchFollower',
        summary: 'Change a follower record by JSON merge patch',
        tags,
        consumes: ['application/merge-patch+json', 'application/json'],
        params: FollowerParams,
        headers: IfMatchHeader,
        body: ref(FollowerPatch),
        response: { 200: answer(Follower, 'The changed record.', 'etag'), ...bodyProblems(404, 409, 412) },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const precondition = await preconditionOf(id, request.headers['if-match'])
      return tagged(
        reply,
        await app.fleet.patchFollower(id, request.body, { ...request.caller, ...precondition }),
      )
    },
  )

  app.delete(
    '/followers/:id',
    {
      config: { access: 'admin' },
      schema: {
        operationId: 'deleteFollower',
        summary: 'Stop the gateway, remove its container and settings, and forget the follower',
        tags,
        params: FollowerParams,
        headers: IfMatchHeader,
        response: { 204: nothing('All is gone.'), ...bodyProblems(404, 409, 412) },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const precondition = await preconditionOf(id, request.headers['if-match'])
      await app.fleet.deleteFollower(id, { ...request.caller, ...precondition })
      return reply.code(204).send(null)
    },
  )

  app.put(
    '/followers/:id/credentials',
    {
      config: { access: 'admin' },
      schema: {
        operationId: 'putCredentials',
        summary: 'Store the IB login of a follower; it can never be read back',
        tags,
        params: FollowerParams,
        querystring: CredentialsQuery,
        body: ref(CredentialsBody),
        response: { 204: nothing('Stored.'), ...bodyProblems(404, 409) },
      },
    },
    async (request, reply) => {
      await app.fleet.putCredentials(request.params.id, request.body, { ...request.caller, ...request.query })
      return reply.code(204).send(null)
    },
  )

  /** The core compares with one revision; of several, the one that is current, if any. */
  async function preconditionOf(id: string, ifMatch: string | undefined): Promise<{ ifMatch?: number }> {
    const revisions = revisionsOf(ifMatch)
    const [first] = revisions ?? []
    if (revisions === null || first === undefined) return {}
    if (revisions.length === 1) return { ifMatch: first }
    const { revision } = await app.fleet.getFollower(id)
    return { ifMatch: revisions.includes(revision) ? revision : first }
  }
}

function tagged(reply: FastifyReply, follower: Follower): Follower {
  reply.header('etag', `"${follower.revision}"`)
  return follower
}
