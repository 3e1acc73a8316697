// Who may come in. Without tokens the server is for this machine only, and no web page may use a visitor's browser to reach it.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { FleetError } from './ports/errors.ts'
import type { Caller } from './ports/fleet.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks, for the audit history. */
    readonly caller: Caller
  }
}

/** Guards every route of `app` and names its callers. */
export function guardDoors(app: FastifyInstance): void {
  app.decorateRequest('caller', {
    getter(this: FastifyRequest) {
      return { actor: 'local', requestId: this.id }
    },
  })
  app.addHook('onRequest', async ({ headers }) => refuseStrangers(headers))
}

/**
 * FORBIDDEN for a `Host` that is not this machine (DNS rebinding), an `Origin` that is not this server, and what a browser itself calls
 * cross-site (Fetch Metadata).
 */
function refuseStrangers(headers: FastifyRequest['headers']): void {
  const host = headers.host?.toLowerCase() ?? ''
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/.test(host)) {
    throw new FleetError(
      'FORBIDDEN',
      'Without tokens this server answers only to 127.0.0.1, localhost and [::1].',
    )
  }
  if (headers.origin !== undefined && !isSameOrigin(headers.origin, host)) {
    throw new FleetError('FORBIDDEN', 'Without tokens no page of another origin may use this server.')
  }
  if (headers['sec-fetch-site'] === 'cross-site') {
    throw new FleetError('FORBIDDEN', 'Without tokens no other site may use this server.')
  }
}

function isSameOrigin(origin: string, host: string): boolean {
  const lower = origin.toLowerCase()
  return lower === `http://${host}` || lower === `https://${host}`
}
