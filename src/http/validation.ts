// Strict checking of requests: nothing is dropped or guessed in a body; query, path and headers are text, so numbers are read from them there.
import AjvCompiler from '@fastify/ajv-compiler'
import type { FastifySchemaValidationError, FastifyServerOptions } from 'fastify'

type SchemaController = NonNullable<FastifyServerOptions['schemaController']>
type BuildValidator = NonNullable<NonNullable<SchemaController['compilersFactory']>['buildValidator']>
/** What Fastify really calls; the published types describe Ajv's own compiler instead. */
type Factory = (schemas: unknown, options: object) => (route: { httpPart?: string }) => Validate
/** A function that Ajv has made of a schema. */
interface Validate {
  (data: unknown): boolean
  errors?: Array<FastifySchemaValidationError & { data?: unknown }> | null
}

/** More would help nobody, and a hostile body can hold thousands. */
const maxFaults = 20

const ajvOptions = {
  removeAdditional: false,
  useDefaults: true,
  allErrors: true,
  // Errors then carry their schema, whose description says what a field takes. They also carry the data: see forgetful.
  verbose: true,
  strict: false,
  formats: { 'iana-time-zone': isTimeZone, 'whole-characters': isWhole },
}

/** Fastify's validator compiler, twice: one that coerces text and one that does not. */
export function buildValidator(): BuildValidator {
  const build = AjvCompiler() as unknown as Factory
  const factory = (schemas: unknown, options: object) => {
    const body = build(schemas, { ...options, customOptions: { ...ajvOptions, coerceTypes: false } })
    const text = build(schemas, { ...options, customOptions: { ...ajvOptions, coerceTypes: true } })
    return (route: { httpPart?: string }) => forgetful(route.httpPart === 'body' ? body(route) : text(route))
  }
  return factory as unknown as BuildValidator
}

/** Ajv keeps the errors of the last refusal, and with them what was refused, until the next one. It may be a password. */
function forgetful(validate: Validate) {
  return (data: unknown): true | { error: Validate['errors'] } => {
    if (validate(data)) return true
    const { errors } = validate
    validate.errors = null
    // Those of schemas within this one keep the same objects.
    for (const error of errors ?? []) delete error.data
    return { error: errors }
  }
}

/** Whether this Node knows the zone. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** Half of a surrogate pair is no text that a URL or a file could hold. */
function isWhole(text: string): boolean {
  return !/\p{Surrogate}/u.test(text)
}

const places: Readonly<Record<string, string>> = { querystring: 'query', params: 'path', headers: 'header' }

/** Ajv's errors as path and message, one per path; never a value, since it may be a password. */
export function faultsOf(
  errors: readonly FastifySchemaValidationError[],
  context: string,
): Array<{ path: string; message: string }> {
  const messages = new Map<string, Set<string>>()
  for (const error of errors) {
    if (isNoise(error)) continue
    const path = `${places[context] ?? context}${error.instancePath}${childOf(error)}`
    messages.set(path, (messages.get(path) ?? new Set()).add(messageOf(error)))
    if (messages.size === maxFaults) break
  }
  return [...messages].map(([path, texts]) => ({ path: path.slice(0, 200), message: [...texts].join(', ') }))
}

/** A nullable field fails both of its branches; only what its value should be is worth saying. */
function isNoise({ keyword, params }: FastifySchemaValidationError): boolean {
  return keyword === 'anyOf' || (keyword === 'type' && params.type === 'null')
}

function childOf({ params }: FastifySchemaValidationError): string {
  const child = params.missingProperty ?? params.additionalProperty
  return child === undefined ? '' : `/${String(child)}`
}

function messageOf(error: FastifySchemaValidationError): string {
  const { keyword, params } = error
  if (keyword === 'required') return 'is required'
  if (keyword === 'additionalProperties') return 'is not a known field'
  if (keyword === 'enum') return `must be one of ${(params.allowedValues as unknown as string[]).join(', ')}`
  const text = error.message ?? 'is not valid'
  const takes = (error as { parentSchema?: { description?: string } }).parentSchema?.description
  return takes && (keyword === 'pattern' || keyword === 'format')
    ? `${text} (${takes.replace(/\.$/, '')})`
    : text
}
