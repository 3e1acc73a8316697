// The API's description for machines and, as Swagger UI, for people.
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { stringify } from 'yaml'

/** The description of a ready app in YAML, as committed in openapi.yaml. */
export function apiAsYaml(app: FastifyInstance): string {
  return stringify(app.swagger(), { lineWidth: 110, aliasDuplicateObjects: false })
}

export const docs: FastifyPluginAsync = async (app) => {
  await app.register(swaggerUi, { routePrefix: '/docs', uiConfig: { validatorUrl: null, deepLinking: true } })
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  app.get('/openapi.yaml', { schema: { hide: true } }, async (_request, reply) =>
    reply.type('application/yaml').send(apiAsYaml(app)),
  )
}
