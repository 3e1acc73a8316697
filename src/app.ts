// The HTTP face of the manager: an app from its dependencies. No socket, no environment, no signals; main.ts has those.
import { randomUUID } from 'node:crypto'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { Type } from 'typebox'
import { alerts } from '../routes/alerts.ts'
import { bars } from '../routes/bars.ts'
import { dashboard } from '../routes/dashboard.ts'
import { docs } from '../routes/docs.ts'
import { events } from '../routes/events.ts'
import { followers } from '../routes/followers.ts'
import { gapFiller } from '../routes/gap-filler.ts'
import { gaps } from '../routes/gaps.ts'
import { gateways } from '../routes/gateways.ts'
import { leases } from '../routes/leases.ts'
import { logs } from '../routes/logs.ts'
import { metrics } from '../routes/metrics.ts'
import { probes } from '../routes/probes.ts'
import { runbook } from '../routes/runbook.ts'
import { screen } from '../routes/screen.ts'
import { series } from '../routes/series.ts'
import { simulator } from '../routes/simulator.ts'
import { system } from '../routes/system.ts'
import { type Doors, guardDoors } from './doors/doors.ts'
import { readBodies } from './http/bodies.ts'
import { describeApi } from './http/describe-api.ts'
import { logRequests } from './http/request-log.ts'
import { measureRequests } from './http/request-measures.ts'
import { traceRequests } from './http/request-trace.ts'
import { buildSerializer } from './http/serialization.ts'
import { buildValidator } from './http/validation.ts'
import { FleetError } from './ports/errors.ts'
import type { FleetControl } from './ports/fleet.ts'
import type { MarketData } from './ports/market-data.ts'
import { type Metrics, noMetrics } from './ports/metrics.ts'
import { answerProblems, rawProblem, sendProblem } from './problems.ts'
import type { Tracer } from './telemetry/tracer.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The manager core; with the market data, all that a route may ask. */
    readonly fleet: FleetControl
    readonly marketData: MarketData
  }
}

export interface AppDeps {
  readonly fleet: FleetControl
  readonly marketData: MarketData
  /** The product's, for the API description. */
  readonly version: string
  readonly log: FastifyBaseLogger
  /** Absent: anybody on this machine may come in, and as often as they like. */
  readonly doors?: Doors
  /** Absent: nothing is traced. */
  readonly tracer?: Tracer
  /** Absent: nothing is counted, and /metrics is empty. */
  readonly metrics?: Metrics
  /** Certificate and key in PEM; absent: plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** A larger body is 413 [128 KiB: a bulk call on 1,000 followers needs half of it]. */
  readonly bodyLimitBytes?: number
  /** Where the built dashboard lies; absent: `/` says how to build it. */
  readonly webDir?: string
  /** Where runbook.md lies; absent: `/runbook` says that it is not there. */
  readonly docsDir?: string
  /** How often a quiet event stream shows that it lives [15 s]. */
  readonly streamHeartbeatMs?: number
}

/** The app, ready to listen or to be asked by `inject`. The caller closes it; closing ends streams and refuses new requests. */
export async function buildApp(deps: AppDeps): Promise<FastifyInstance> {
  const app = fastify({
    // An app over TLS is of another type because of its server, which nothing here touches.
    ...(deps.tls && ({ https: deps.tls } as object)),
    loggerInstance: deps.log,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    bodyLimit: deps.bodyLimitBytes ?? 131_072,
    // Longer than any request line that Node reads, so that a long id is a bad id and not an unknown path.
    routerOptions: { maxParamLength: 65_536 },
    // A connection kept alive would hold `close()` for its whole idle time.
    keepAliveTimeout: 2000,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    schemaController: {
      compilersFactory: { buildValidator: buildValidator(), buildSerializer: buildSerializer() },
    },
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply),
    clientErrorHandler(error, socket) {
      if (socket.writable) socket.end(rawProblem(error.code))
      else socket.destroy()
    },
  }).withTypeProvider<TypeBoxTypeProvider>()

  app.decorate('fleet', deps.fleet)
  app.decorate('marketData', deps.marketData)
  refuseWhileClosing(app)
  traceRequests(app, deps.tracer)
  logRequests(app)
  measureRequests(app, deps.metrics ?? noMetrics)
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'x-request-id': request.id,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    })
  })
  guardDoors(app, deps.doors)
  answerProblems(app)
  readBodies(app)
  await describeApi(app, deps.version)

  const heartbeatMs = deps.streamHeartbeatMs ?? 15_000
  await app.register(probes)
  await app.register(metrics, { metrics: deps.metrics ?? noMetrics })
  await app.register(docs)
  await app.register(dashboard, deps.webDir === undefined ? {} : { webDir: deps.webDir })
  await app.register(runbook, deps.docsDir === undefined ? {} : { docsDir: deps.docsDir })
  await app.register(
    async (api) => {
      refuseUnknownQueries(api)
      await api.register(followers)
      await api.register(gateways)
      await api.register(logs, { heartbeatMs })
      await api.register(screen)
      await api.register(leases)
      await api.register(system)
      await api.register(series)
      await api.register(bars, { heartbeatMs })
      await api.register(gaps)
      await api.register(gapFiller)
      await api.register(alerts)
      await api.register(events, { heartbeatMs })
      await api.register(simulator)
    },
    { prefix: '/api/v1' },
  )
  await app.ready()
  return app
}

function refuseWhileClosing(app: FastifyInstance): void {
  let closing = false
  app.addHook('preClose', async () => {
    closing = true
  })
  app.addHook('onRequest', async () => {
    if (closing)
      throw new FleetError('SHUTTING_DOWN', 'The manager is shutting down. Try again once it is back.')
  })
}

/** A misspelt parameter is an error on routes that take none, too. */
function refuseUnknownQueries(api: FastifyInstance): void {
  api.addHook('onRoute', (route) => {
    route.schema = { querystring: Type.Object({}, { additionalProperties: false }), ...route.schema }
  })
}
