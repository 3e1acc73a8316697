// One log line per request: info for what changes something, debug for reading and polling. No headers, no bodies.
import type { FastifyInstance } from 'fastify'

/** For pino's `redact`: the second line of defence, should someone log a request or credentials after all. */
export const redaction = {
  paths: ['authorization', 'cookie', 'password', 'token', 'secret'].flatMap((name) => [
    name,
    `*.${name}`,
    `*.*.${name}`,
  ]),
  censor: '[redacted]',
}

/** Logs each request of `app` once it is answered. */
export function logRequests(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    const line = {
      requestId: request.id,
      method: request.method,
      // A bad path can be 10 kB long.
      path: request.url.split('?', 1)[0]?.slice(0, 200),
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime),
      actor: request.caller.actor,
    }
    if (request.method === 'GET' || request.method === 'HEAD') request.log.debug(line, 'request answered')
    else request.log.info(line, 'request answered')
  })
}
