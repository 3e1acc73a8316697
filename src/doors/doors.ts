// Who may come in, and how often. With tokens: each route says which role it takes. Without: see doors/browsers.ts.
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import type { Clock } from '../ports/clock.ts'
import { FleetError } from '../ports/errors.ts'
import type { Caller } from '../ports/fleet.ts'
import { addressKey } from './addresses.ts'
import { refuseStrangers } from './browsers.ts'
import { RateWindow } from './rate-window.ts'
import type { TokenBook } from './token-book.ts'
import { hasRole, type Role, type Token } from './tokens.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks, for the audit history. */
    readonly caller: Caller
    /** `local` without tokens; with them the token's name, `nobody` until it has been found. */
    actor: string
    /** Whether the token is good still: an answer may go on for days. */
    mayStillListen(): boolean
  }
  interface FastifyContextConfig {
    /** The least role that may use the route, or everybody. Every route has one, or the app does not start. */
    access?: Role | 'open'
    /** A probe: how often it is asked counts for nothing, or a busy proxy could have a healthy manager restarted. */
    probe?: true
  }
}

export interface Doors {
  readonly clock: Clock
  /** Absent: anybody on this machine may do anything. */
  readonly tokens?: TokenBook
  /** Requests of one token, or of one address where no token is asked for; absent, or limit 0: any number. */
  readonly rateLimit?: { readonly limit: number; readonly windowMs: number }
}

/** Of one address; beyond that it is told to wait. */
const badTokens = { limit: 10, windowMs: 60_000 }

/** Addresses and tokens that are counted at a time: no flood of addresses takes more memory than that. */
const maxKeys = 1000

/** Guards every route of `app` and names its callers. */
export function guardDoors(app: FastifyInstance, doors?: Doors): void {
  app.decorateRequest('actor', doors?.tokens ? 'nobody' : 'local')
  app.decorateRequest('caller', {
    getter(this: FastifyRequest) {
      return { actor: this.actor, requestId: this.id }
    },
  })
  app.decorateRequest('mayStillListen', function (this: FastifyRequest) {
    const { access = 'viewer' } = this.routeOptions.config
    if (!doors?.tokens || access === 'open') return true
    const token = doors.tokens.find(bearerOf(this))
    return token !== undefined && hasRole(token, access)
  })
  insistOnAccess(app)
  const limit = doors?.rateLimit?.limit
    ? new RateWindow({ ...doors.rateLimit, maxKeys, clock: doors.clock })
    : undefined
  const judge = doors?.tokens && judgeTokens(doors.clock)
  app.addHook('onRequest', async (request, reply) => {
    // What is at no route is for those who may at least look.
    const { access = 'viewer', probe = false } = request.routeOptions.config
    if (!judge) refuseStrangers(request.headers, access === 'open')
    const token = access === 'open' ? undefined : doors?.tokens?.find(bearerOf(request))
    if (token) request.actor = token.name
    const asker = token ? `token ${token.name}` : addressKey(request.ip)
    const waitMs = probe ? 0 : (limit?.take(asker) ?? 0)
    if (waitMs > 0) throw tooMany('Too many requests. Send fewer at a time.', waitMs)
    if (access !== 'open') judge?.(request, reply, access, token)
  })
}

/** Lets in who has the role. UNAUTHORIZED, FORBIDDEN, and TOO_MANY_REQUESTS for one bad token after another; never for a good one. */
function judgeTokens(clock: Clock) {
  const mayFail = new RateWindow({ ...badTokens, maxKeys, clock })
  return (
    { headers, ip, id, log }: FastifyRequest,
    reply: FastifyReply,
    access: Role,
    token?: Token,
  ): void => {
    if (token && hasRole(token, access)) return
    if (token) {
      throw new FleetError(
        'FORBIDDEN',
        `This takes a token of the role ${access} or above; ${token.name} is ${token.role}.`,
      )
    }
    if (headers.authorization === undefined) {
      reply.header('www-authenticate', 'Bearer realm="ibgm"')
      throw new FleetError('UNAUTHORIZED', 'This takes a token: send it as Authorization: Bearer <token>.')
    }
    const waitMs = mayFail.take(addressKey(ip))
    if (waitMs > 0) throw tooMany('Too many bad tokens from this address.', waitMs)
    log.warn({ requestId: id, address: ip }, 'bad token')
    reply.header('www-authenticate', 'Bearer realm="ibgm", error="invalid_token"')
    throw new FleetError('UNAUTHORIZED', 'This token is not known here; it may have been revoked.')
  }
}

/** What the header says after `Bearer` (RFC 6750 §2.1); empty, which is no token, when it says something else. */
function bearerOf({ headers }: FastifyRequest): string {
  return /^Bearer +([\x21-\x7e]+) *$/i.exec(headers.authorization ?? '')?.[1] ?? ''
}

function tooMany(what: string, retryAfterMs: number): FleetError {
  return new FleetError('TOO_MANY_REQUESTS', what, { retryAfterMs })
}

/** Looks once all routes are there, because a plugin may say it for the routes within. */
function insistOnAccess(app: FastifyInstance): void {
  const routes: RouteOptions[] = []
  app.addHook('onRoute', (route) => void routes.push(route))
  app.addHook('onReady', async () => {
    const silent = routes.filter(({ config }) => config?.access === undefined)
    if (silent.length === 0) return
    const names = silent.map(({ method, url }) => `${method} ${url}`).join(', ')
    throw new TypeError(`These routes do not say who may use them (config.access): ${names}`)
  })
}
