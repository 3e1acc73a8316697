// The API's description for machines and, as Swagger UI, for people.
import helmet from '@fastify/helmet'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { stringify } from 'yaml'
import { pageHeaders } from './page-headers.ts'

/** The description of a ready app in YAML, as committed in openapi.yaml. */
export function apiAsYaml(app: FastifyInstance): string {
  return stringify(app.swagger(), { lineWidth: 110, aliasDuplicateObjects: false })
}

export const docs: FastifyPluginAsync = async (app) => {
  // Swagger UI's own routes cannot say so themselves.
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, access: 'open' }
  })
  await app.register(async (pages) => {
    await pages.register(helmet, pageHeaders)
    await pages.register(swaggerUi, {
      routePrefix: '/docs',
      uiConfig: { validatorUrl: null, deepLinking: true },
    })
  })
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  // Open to all, and some milliseconds' work.
  let yaml: string | undefined
  app.get('/openapi.yaml', { schema: { hide: true } }, async (_request, reply) => {
    yaml ??= apiAsYaml(app)
    return reply.type('application/yaml').send(yaml)
  })
}
