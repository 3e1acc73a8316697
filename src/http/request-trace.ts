// One span per API request, part of its caller's trace when that sends a `traceparent`. No query, no headers, no body.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import {
  callersContext,
  markFailedWith,
  type Span,
  SpanKind,
  startSpan,
  type Tracer,
  within,
} from '../telemetry/tracer.ts'

/** Traces each request of `app` to a route of the API; probes, pages and unknown paths are not worth it. */
export function traceRequests(app: FastifyInstance, tracer: Tracer | undefined): void {
  if (!tracer) return
  const spans = new WeakMap<FastifyRequest, Span>()
  app.addHook('onRequest', (request, reply, done) => {
    const route = request.routeOptions.url
    if (!route?.startsWith('/api/')) return done()
    const attributes = {
      'http.request.method': request.method,
      'http.route': route,
      'url.path': request.url.split('?', 1)[0]?.slice(0, 200) ?? '',
      'ibgm.request_id': request.id,
    }
    const parent = callersContext(request.headers)
    const span = startSpan(tracer, `${request.method} ${route}`, attributes, {
      parent,
      kind: SpanKind.SERVER,
    })
    spans.set(request, span)
    // Whoever hangs up gets no answer, and its span ends all the same.
    reply.raw.once('close', () => span.isRecording() && span.end())
    within(span, done)
  })
  // Reading a body leaves what is going on: its events are the socket's.
  app.addHook('preValidation', (request, _reply, done) => within(spans.get(request), done))
  app.addHook('onResponse', (request, reply, done) => {
    const span = spans.get(request)
    if (!span) return done()
    span.setAttribute('http.response.status_code', reply.statusCode)
    if (reply.statusCode >= 500)
      markFailedWith(span, String(reply.statusCode), 'the request was answered with an error')
    // The log line of the request is written in `done`.
    within(span, done)
    span.end()
  })
}
