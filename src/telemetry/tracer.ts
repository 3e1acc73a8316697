// Spans of what we do: the only place that knows OpenTelemetry's API. Without a tracer nothing here does anything, nor costs anything.
import {
  type Attributes,
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { isFleetError, messageOf } from '../ports/errors.ts'

export { type Attributes, type Context, type Span, SpanKind, type Tracer } from '@opentelemetry/api'

/** Stands in for the spans of a tracer that is not there. */
const noSpan: Span = trace.wrapSpanContext({ traceId: '', spanId: '', traceFlags: TraceFlags.NONE })

export interface SpanOptions {
  /** What it is a part of [what is going on now]; `none` begins a trace of its own. */
  readonly parent?: Span | Context | 'none'
  readonly kind?: SpanKind
}

/** A span that the caller ends. */
export function startSpan(
  tracer: Tracer | undefined,
  name: string,
  attributes: Attributes,
  { parent, kind }: SpanOptions = {},
): Span {
  if (!tracer) return noSpan
  return tracer.startSpan(name, { attributes, ...(kind !== undefined && { kind }) }, contextOf(parent))
}

/** Runs `work` inside a span of its own, which ends with it; what `work` fails with becomes the span's error. */
export function traced<T>(
  tracer: Tracer | undefined,
  name: string,
  attributes: Attributes,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  return tracer ? inOwnSpan(startSpan(tracer, name, attributes), work) : work(noSpan)
}

async function inOwnSpan<T>(span: Span, work: (span: Span) => Promise<T>): Promise<T> {
  try {
    return await within(span, () => work(span))
  } catch (error) {
    markFailed(span, error)
    throw error
  } finally {
    span.end()
  }
}

/** The span failed for `error`: its code and its words. */
export function markFailed(span: Span, error: unknown): void {
  const message = messageOf(error)
  span.setAttribute('error.type', isFleetError(error) ? error.code : 'INTERNAL')
  span.setStatus({ code: SpanStatusCode.ERROR, message })
}

/** The span failed; `message` says why to a person. */
export function markFailedWith(span: Span, code: string, message: string): void {
  span.setAttribute('error.type', code)
  span.setStatus({ code: SpanStatusCode.ERROR, message })
}

/** Adds to the span of what is going on, if there is one. */
export function annotate(attributes: Attributes): void {
  trace.getActiveSpan()?.setAttributes(attributes)
}

/** Runs `work` with `span` as what is going on; timers and promises of it included. */
export function within<T>(span: Span | undefined, work: () => T): T {
  return span ? context.with(contextOf(span), work) : work()
}

/** Runs `work` as part of nothing that is going on. */
export function apart<T>(work: () => T): T {
  return context.with(ROOT_CONTEXT, work)
}

/** `work`, bound to what is going on now, whoever calls it later. */
export function bound<F extends (...args: never[]) => unknown>(work: F): F {
  return context.bind(context.active(), work)
}

/** What a caller of ours is doing, by its W3C `traceparent` header. */
export function callersContext(headers: Readonly<Record<string, unknown>>): Context {
  return propagation.extract(ROOT_CONTEXT, headers)
}

/** For each log line: the trace and span that it belongs to; nothing once that span has ended. */
export function traceIds(): { traceId?: string; spanId?: string } {
  const span = trace.getActiveSpan()
  if (!span?.isRecording()) return {}
  const { traceId, spanId } = span.spanContext()
  return { traceId, spanId }
}

function contextOf(parent: SpanOptions['parent']): Context {
  if (parent === 'none') return ROOT_CONTEXT
  if (parent === undefined) return livingContext()
  return 'spanContext' in parent ? trace.setSpan(ROOT_CONTEXT, parent) : parent
}

/** Timers and streams outlive the work that began them: what they do later is no part of it. */
function livingContext(): Context {
  const active = context.active()
  const span = trace.getSpan(active)
  if (!span || span.isRecording()) return active
  const { traceFlags, isRemote } = span.spanContext()
  // Sampled and yet not recorded: it has ended.
  const ended = (traceFlags & TraceFlags.SAMPLED) !== 0 && !isRemote
  return ended ? trace.deleteSpan(active) : active
}
