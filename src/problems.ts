// Error code → HTTP status and problem details (RFC 9457). What we did not raise ourselves is logged, never shown.
import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Problem } from '../schemas/common.ts'
import { faultsOf } from './http/validation.ts'
import { type ErrorCode, FleetError, isFleetError } from './ports/errors.ts'

/** 4xx: the caller can mend it. 503: a dependency must come back, so try later. 500: our bug. */
export const problemKinds = {
  INVALID_REQUEST: { status: 400, title: 'The request is not valid' },
  NOT_FOUND: { status: 404, title: 'No such resource' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'Method not allowed' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'Only JSON is understood' },
  BODY_TOO_LARGE: { status: 413, title: 'The body is too large' },
  UNAUTHORIZED: { status: 401, title: 'A good token is needed' },
  FORBIDDEN: { status: 403, title: 'Not allowed' },
  TOO_MANY_REQUESTS: { status: 429, title: 'Too many requests' },
  TOO_SLOW: { status: 503, title: 'The reader is too slow' },
  FOLLOWER_NOT_FOUND: { status: 404, title: 'No such follower' },
  FOLLOWER_EXISTS: { status: 409, title: 'The follower exists already' },
  FOLLOWER_NOT_LAUNCHABLE: { status: 409, title: 'The follower may not be launched' },
  REVISION_MISMATCH: { status: 412, title: 'The record has changed meanwhile' },
  CREDENTIALS_MISSING: { status: 409, title: 'No credentials' },
  CREDENTIALS_INCOMPLETE: { status: 409, title: 'Incomplete credentials' },
  CREDENTIALS_REJECTED: { status: 409, title: 'IB rejected these credentials' },
  CREDENTIALS_INVALID: { status: 400, title: 'Unusable credentials' },
  VAULT_UNREACHABLE: { status: 503, title: 'Vault is not reachable' },
  VAULT_TIMEOUT: { status: 503, title: 'Vault is too slow' },
  VAULT_SEALED: { status: 503, title: 'Vault is sealed' },
  VAULT_FORBIDDEN: { status: 503, title: 'Vault refuses access' },
  USERNAME_IN_USE: { status: 409, title: 'The username is in use' },
  LOGIN_BUDGET: { status: 409, title: 'The login budget is spent' },
  PORT_IN_USE: { status: 503, title: 'The port is in use' },
  PORT_EXHAUSTED: { status: 503, title: 'No port is left' },
  CLIENT_ID_EXHAUSTED: { status: 503, title: 'No client id is left' },
  CLIENT_ID_IN_USE: { status: 409, title: 'The client id is in use' },
  NAME_IN_USE: { status: 409, title: 'The container name is in use' },
  NETWORK_UNSAFE: { status: 503, title: 'The gateway network is not isolated' },
  IMAGE_MISSING: { status: 503, title: 'The image is missing' },
  ENGINE_UNAVAILABLE: { status: 503, title: 'The container engine is not reachable' },
  ENGINE_REFUSED: { status: 503, title: 'The container engine refused' },
  STORE_UNAVAILABLE: { status: 503, title: 'The store is not reachable' },
  STORE_LOCKED: { status: 503, title: 'Another manager holds the store' },
  DATA_DIR_UNUSABLE: { status: 503, title: 'The data directory is not usable' },
  GATEWAY_NOT_RUNNING: { status: 503, title: 'The gateway is not RUNNING' },
  GATEWAY_NOT_UP: { status: 409, title: 'The gateway is not up' },
  SOFT_RESTART_UNAVAILABLE: { status: 409, title: 'No soft restart here' },
  SCREEN_UNAVAILABLE: { status: 409, title: 'No screen here' },
  LEASE_NOT_FOUND: { status: 404, title: 'No such lease' },
  ALERT_NOT_FOUND: { status: 404, title: 'No such alert' },
  SCAN_RUNNING: { status: 409, title: 'A scan is running' },
  SERIES_EXISTS: { status: 409, title: 'The series is tracked already' },
  SERIES_NOT_FOUND: { status: 404, title: 'No such series' },
  CONTRACT_UNKNOWN: { status: 404, title: 'IB does not know the contract' },
  CONTRACT_AMBIGUOUS: { status: 409, title: 'The contract is ambiguous' },
  CONTRACT_EXPIRED: { status: 409, title: 'The contract has expired' },
  DATA_CONNECTION_DOWN: { status: 503, title: 'The data connection is down' },
  BAR_FILE_DAMAGED: { status: 409, title: 'The bar file is damaged' },
  BAR_FILE_LOCKED: { status: 503, title: 'Another process writes the bar file' },
  BARS_DIR_UNUSABLE: { status: 503, title: 'The bars cannot be read or written' },
  ORDER_GATE_CLOSED: { status: 503, title: 'No order may be sent' },
  ORDER_REFUSED: { status: 409, title: 'The order is over a limit' },
  GAMEPLAN_INVALID: { status: 400, title: 'The gameplan is not valid' },
  PACING_QUEUE_FULL: { status: 503, title: 'Too many requests wait for IB' },
  UNKNOWN_FAULT: { status: 400, title: 'No such fault' },
  CONNECTION_REFUSED: { status: 503, title: 'The gateway refused the connection' },
  CONNECTION_TIMEOUT: { status: 503, title: 'The gateway did not answer' },
  CONNECTION_CLOSED: { status: 503, title: 'The gateway closed the connection' },
  REQUEST_REJECTED: { status: 502, title: 'IB rejected the request' },
  CIRCUIT_OPEN: { status: 503, title: 'Requests keep failing' },
  NOT_READY: { status: 503, title: 'Not ready' },
  SHUTTING_DOWN: { status: 503, title: 'Shutting down' },
  INTERNAL: { status: 500, title: 'Internal error' },
} satisfies Record<ErrorCode, { status: number; title: string }>

/** What Fastify itself raises while it reads a request, in our words: its own may quote the request. */
const fastifyErrors: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['BODY_TOO_LARGE', 'The body is over the limit. Send less.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'UNSUPPORTED_MEDIA_TYPE',
    'Send JSON, with content-type application/json.',
  ],
  FST_ERR_CTP_INVALID_JSON_BODY: ['INVALID_REQUEST', 'The body is not valid JSON.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    'INVALID_REQUEST',
    'The body is not as long as its content-length says.',
  ],
  FST_ERR_BAD_URL: ['INVALID_REQUEST', 'The path is not a valid URL path.'],
}

/** Any error as one that can be shown. */
function shown(error: unknown): FleetError {
  if (isFleetError(error)) return error
  const { code, statusCode, validation, validationContext } = (error ?? {}) as Partial<FastifyError>
  if (validation) {
    const faults = faultsOf(validation, validationContext ?? 'body')
    const list = faults.map(({ path, message }) => `${path} ${message}`).join('; ')
    return new FleetError('INVALID_REQUEST', `${list}.`, { faults })
  }
  const known = code === undefined ? undefined : fastifyErrors[code]
  if (known) return new FleetError(...known)
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new FleetError('INVALID_REQUEST', 'The request could not be read.', { cause: error })
  }
  return new FleetError('INTERNAL', 'Not raised by us.', { cause: error })
}

/** The body of an error answer. `instance` is the id under which the log has the whole story. */
export function problemOf(error: FleetError, instance: string): Problem {
  const { status, title } = problemKinds[error.code]
  return {
    type: `urn:ibgm:problem:${error.code}`,
    title,
    status,
    code: error.code,
    detail: status === 500 ? 'Something failed here; the log tells more under this instance.' : error.message,
    instance,
    ...(error.faults && { errors: error.faults.map((fault) => ({ ...fault })) }),
  }
}

/** Answers with a problem; a 429 or 503 says when to come back (RFC 9110 §10.2.3, whole seconds). */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const raised = shown(error)
  const problem = problemOf(raised, request.id)
  if (problem.status === 500) request.log.error({ err: error, requestId: request.id }, 'request failed')
  else request.log.debug({ code: raised.code, requestId: request.id }, 'request refused')
  if (problem.status === 503 || problem.status === 429) {
    reply.header('retry-after', Math.max(1, Math.ceil((raised.retryAfterMs ?? 1000) / 1000)))
  }
  return reply
    .code(problem.status)
    .header('x-request-id', request.id)
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send(problem)
}

/** Turns every error of `app` into a problem, an unknown path or method included. */
export function answerProblems(app: FastifyInstance): void {
  const methodsByPath = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const methods = methodsByPath.get(url) ?? new Set()
    for (const name of [method].flat()) methods.add(name)
    methodsByPath.set(url, methods)
  })
  app.addHook('onRequest', async (request, reply) => {
    if (!request.is404) return
    const path = request.url.split('?', 1)[0] ?? ''
    const allowed = new Set(
      [...methodsByPath].filter(([pattern]) => matches(pattern, path)).flatMap(([, methods]) => [...methods]),
    )
    if (allowed.size === 0)
      throw new FleetError('NOT_FOUND', 'There is nothing at this path; /docs lists what there is.')
    const list = [...allowed].sort().join(', ')
    reply.header('allow', list)
    throw new FleetError('METHOD_NOT_ALLOWED', `This path takes ${list}, not ${request.method}.`)
  })
  app.setNotFoundHandler((request, reply) =>
    sendProblem(new FleetError('NOT_FOUND', 'Nothing here.'), request, reply),
  )
  app.setErrorHandler(sendProblem)
}

/** Whether `path` is of a route's pattern such as `/followers/:id` or `/docs/*`. */
function matches(pattern: string, path: string): boolean {
  const segments = path.split('/')
  const names = pattern.split('/')
  const rest = names.indexOf('*')
  if (rest === -1 ? names.length !== segments.length : segments.length < names.length) return false
  return names.every((name, i) => name === '*' || name.startsWith(':') || name === segments[i])
}

/** The answer to bytes that are no HTTP request we can take, for a socket that no request exists for. */
export function rawProblem(errorCode: string | undefined): string {
  const status =
    errorCode === 'HPE_HEADER_OVERFLOW' ? 431 : errorCode === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
  const body = JSON.stringify({
    type: 'urn:ibgm:problem:INVALID_REQUEST',
    title: STATUS_CODES[status],
    status,
    code: 'INVALID_REQUEST',
    detail: 'This is no HTTP request that can be read here.',
    instance: 'unread',
  })
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n')
}
