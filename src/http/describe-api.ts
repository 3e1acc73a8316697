// The API's description in OpenAPI 3.1, drawn from the routes' own schemas.
import swagger from '@fastify/swagger'
import type { FastifyInstance, RouteOptions } from 'fastify'
import * as alert from '../../schemas/alert.ts'
import { Problem } from '../../schemas/common.ts'
import * as event from '../../schemas/event.ts'
import * as follower from '../../schemas/follower.ts'
import * as gateway from '../../schemas/gateway.ts'
import * as timeline from '../../schemas/gateway-timeline.ts'
import * as lease from '../../schemas/lease.ts'
import * as marketData from '../../schemas/market-data.ts'
import * as system from '../../schemas/system.ts'

const about = `A control plane for a fleet of Interactive Brokers gateways, one container per follower.

Every error is a problem (RFC 9457) with a stable \`code\`; its \`instance\` is the request's id, also in the header \`x-request-id\`.
Unknown fields and parameters are refused. A 429 or 503 says in \`Retry-After\` when to come back.

A server that has tokens takes them as \`Authorization: Bearer <token>\`, never in a URL. Each operation names the least role it takes:
\`viewer\` reads, \`operator\` also launches, stops, leases, acknowledges and has gaps looked for, \`admin\` also changes followers,
credentials and the tracked series.`

const tags = [
  { name: 'gateways', description: 'Launch, stop, restart, reconnect, watch.' },
  { name: 'clients', description: 'Client ids for bots, leased so that nobody meets error 326.' },
  {
    name: 'followers',
    description: 'The accounts that copy trades, one gateway each, and their credentials.',
  },
  { name: 'system', description: 'The fleet as a whole, the host and what the manager depends on.' },
  { name: 'market data', description: 'Bars, the series that are kept, and the gaps in them.' },
  { name: 'alerts', description: 'What needs a person.' },
  { name: 'events', description: 'Who did what, and what happened.' },
  { name: 'simulator', description: 'Faults for simulated gateways.' },
  { name: 'probes', description: 'For supervisors and load balancers.' },
]

const scheme = 'token'
const tokenText = 'Made by `ibgm token create`. A server on loopback without tokens asks for none.'

/** Registers the named schemas and the description. Must come before any route. */
export async function describeApi(app: FastifyInstance, version: string): Promise<void> {
  const parts = [follower, gateway, timeline, lease, alert, event, system, marketData]
  const named = [{ Problem }, ...parts].flatMap((module) => Object.values<unknown>(module))
  for (const schema of named) if (isNamed(schema)) app.addSchema(schema)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'IB Gateway Manager',
        description: about,
        version,
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: '/' }],
      tags,
      components: {
        securitySchemes: { [scheme]: { type: 'http', scheme: 'bearer', description: tokenText } },
      },
    },
    transform: ({ schema, url, route }) => ({ schema: { ...schema, security: securityOf(route) }, url }),
    transformObject: (document) => {
      if (!('openapiObject' in document)) throw new TypeError('only OpenAPI 3 is described here')
      return withOptionalBodies(document.openapiObject as OpenApi)
    },
    refResolver: { buildLocalReference: (json, _base, _fragment, i) => String(json.$id ?? `unnamed-${i}`) },
  })
}

/** OpenAPI 3.1 lets the list of an `http` scheme name the roles that an operation takes. */
function securityOf({ config }: RouteOptions): Array<Record<string, string[]>> {
  return config?.access === undefined || config.access === 'open' ? [] : [{ [scheme]: [config.access] }]
}

interface OpenApi {
  readonly paths?: Record<string, Record<string, { requestBody?: { required: boolean; content: Content } }>>
  readonly components?: { schemas?: Record<string, { required?: readonly string[] }> }
}
type Content = Record<string, { schema?: { $ref?: string } }>

/** @fastify/swagger calls every body required; one without required fields may be left out (see bodies.ts). */
function withOptionalBodies(document: OpenApi): OpenApi {
  for (const operation of Object.values(document.paths ?? {}).flatMap((path) => Object.values(path))) {
    const body = operation.requestBody
    const name = Object.values(body?.content ?? {})[0]
      ?.schema?.$ref?.split('/')
      .at(-1)
    if (body && name) body.required = (document.components?.schemas?.[name]?.required ?? []).length > 0
  }
  return document
}

function isNamed(schema: unknown): schema is { $id: string } {
  return typeof schema === 'object' && schema !== null && '$id' in schema
}
