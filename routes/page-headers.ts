// Headers of whatever a browser shows as a page. They cost half of a small answer's time, and only a browser that shows a page heeds them: so no JSON route has them.
import type { FastifyHelmetOptions } from '@fastify/helmet'

const directives = {
  'frame-ancestors': ["'none'"],
  // A page over plain HTTP could not load its own scripts.
  'upgrade-insecure-requests': null,
}

export const pageHeaders: FastifyHelmetOptions = {
  contentSecurityPolicy: { directives },
  frameguard: { action: 'deny' },
  // Would make a browser refuse every other server on localhost that has no TLS.
  hsts: false,
}

/** For a page of our own: nothing in it, and nothing that it loads, comes from anywhere but here. */
export const ownPageHeaders: FastifyHelmetOptions = {
  ...pageHeaders,
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      ...directives,
      'default-src': ["'self'"],
      'base-uri': ["'none'"],
      'form-action': ["'self'"],
      'object-src': ["'none'"],
    },
  },
}
