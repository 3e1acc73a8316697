// The bot's own health as HTTP: one small answer for Docker's health check, the manager and people.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { FleetError } from '../ports/errors.ts'
import type { Log } from '../ports/log.ts'

/** The answer of GET /health. */
export interface BotHealth {
  readonly gatewayConnected: boolean
  /** ISO 8601; null before the first. */
  readonly lastGatewayCheck: string | null
  readonly uptimeSeconds: number
  /** Name of the active strategy. */
  readonly strategyActive: string
  /** Positions of the account that are not zero. */
  readonly positionsOpen: number
  readonly lastError: string | null
}

export interface HealthServerOptions {
  readonly host: string
  /** 0 takes any free one. */
  readonly port: number
  readonly health: () => BotHealth
  /** Decides between 200 and 503. */
  readonly healthy: (health: BotHealth) => boolean
  readonly log: Log
}

export interface HealthServer {
  readonly host: string
  /** The port listened on, also when 0 was asked for. */
  readonly port: number
  /** Ends at once, answers under way included. */
  close(): Promise<void>
}

/** PORT_IN_USE, or INVALID_REQUEST for an address that cannot be listened on. */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const { host, port, log } = options
  const server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000 }, (request, response) => {
    answer(request, response, options)
  })
  server.maxConnections = 100
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(error, host, port)))
    server.listen({ host, port, exclusive: true }, resolve)
  })
  server.on('error', (err) => log.warn({ err }, 'health server'))
  return {
    host,
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { health, healthy, log }: HealthServerOptions,
): void {
  const send = (status: number, body: object, headers = {}) =>
    response
      .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers })
      .end(`${JSON.stringify(body)}\n`)
  if (request.url?.split('?')[0] !== '/health') send(404, { error: 'There is only /health.' })
  else if (request.method !== 'GET') send(405, { error: 'Only GET is answered.' }, { allow: 'GET' })
  else {
    try {
      const now = health()
      send(healthy(now) ? 200 : 503, now)
    } catch (err) {
      log.error({ err }, 'the health of the bot could not be told')
      send(503, { error: 'The bot cannot tell how it is; its log says why.' })
    }
  }
}

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): FleetError {
  if (error.code === 'EADDRINUSE')
    return new FleetError(
      'PORT_IN_USE',
      `Something else listens on ${host}:${port}. Is a second bot running? Stop it, or set BOT_HEALTH_PORT.`,
      { cause: error },
    )
  return new FleetError(
    'INVALID_REQUEST',
    `The bot cannot listen on ${host}:${port} (${error.code ?? error.message}). Set BOT_HEALTH_HOST and BOT_HEALTH_PORT to an address of this machine.`,
    { cause: error },
  )
}
