// Whether this process lives, and whether it can do its work.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ProbeOk } from '../schemas/system.ts'
import { FleetError } from '../src/ports/errors.ts'
import { answer, openProblems } from './answers.ts'

const tags = ['probes']

export const probes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/livez',
    {
      config: { access: 'open', probe: true },
      schema: {
        operationId: 'isAlive',
        summary: 'Whether the process answers',
        tags,
        response: { 200: answer(ProbeOk, 'It lives.'), ...openProblems() },
      },
    },
    async () => ({ status: 'ok' as const }),
  )

  app.get(
    '/readyz',
    {
      config: { access: 'open', probe: true },
      schema: {
        operationId: 'isReady',
        summary: 'Whether all that the manager depends on is there',
        tags,
        response: { 200: answer(ProbeOk, 'It is ready.'), ...openProblems() },
      },
    },
    async () => {
      const readiness = await app.fleet.readiness()
      if (readiness.ready) return { status: 'ok' as const }
      const { dependency, detail } = readiness
      throw new FleetError('NOT_READY', `${dependency}: ${detail}`, {
        faults: [{ path: dependency, message: detail }],
      })
    },
  )
}
