// Which bodies are read: JSON for all, JSON merge patches for PATCH, and nothing where a route takes none. No body is an empty object, so
// it will do wherever no field is required.
import type { FastifyInstance } from 'fastify'
import { FleetError } from '../ports/errors.ts'

/** Installs the body parsers. An empty body is no body, whatever its content type says. */
export function readBodies(app: FastifyInstance): void {
  // Refuses `__proto__` and `constructor` keys as well as broken JSON.
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    ['application/json', 'application/merge-patch+json'],
    { parseAs: 'string' },
    (request, body: string, done) => {
      if (body === '') return done(null, undefined)
      if (request.method !== 'PATCH' && request.headers['content-type']?.includes('merge-patch')) {
        return done(notJson('A merge patch is for PATCH only'))
      }
      parse(request, body, done)
    },
  )
  app.addContentTypeParser('*', (request, _payload, done) =>
    request.headers['content-length'] === '0'
      ? done(null, undefined)
      : done(notJson('This content type is not understood')),
  )
  app.addHook('preValidation', async (request) => {
    if (request.routeOptions.schema?.body !== undefined) {
      if (request.body === undefined) request.body = {}
    } else if (request.body !== undefined && JSON.stringify(request.body) !== '{}') {
      throw new FleetError('INVALID_REQUEST', 'This request takes no body.', {
        faults: [{ path: 'body', message: 'must be absent' }],
      })
    }
  })
}

function notJson(what: string): FleetError {
  return new FleetError('UNSUPPORTED_MEDIA_TYPE', `${what}; send JSON, with content-type application/json.`)
}
