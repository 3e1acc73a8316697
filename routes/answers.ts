// How answers are declared: what each status of a route says, for the serializer and for the API's description.
import { type Static, type TSchema, type TUnsafe, Type } from 'typebox'
import { Problem, ref } from '../schemas/common.ts'

const headerTexts = {
  location: 'Where the resource is.',
  etag: 'The revision, for `If-Match`.',
} as const

/** An answer in the shape of a named schema. */
export function answer<S extends TSchema>(
  schema: S,
  description: string,
  ...headers: Array<keyof typeof headerTexts>
): TUnsafe<Static<S>> {
  return Type.Unsafe<Static<S>>({
    ...ref(schema),
    description,
    ...(headers.length > 0 && { headers: headersOf(headers) }),
  })
}

/** An answer without a body. */
export function nothing(description: string): TUnsafe<null> {
  return Type.Unsafe<null>({ type: 'null', description })
}

/** An answer of text, in each of these media types. */
export function text(description: string, ...mediaTypes: string[]): TUnsafe<unknown> {
  return oneOf(description, Object.fromEntries(mediaTypes.map((type) => [type, Type.String()])))
}

/** An answer in one of several media types, each with its schema. */
export function oneOf(description: string, schemas: Readonly<Record<string, TSchema>>): TUnsafe<unknown> {
  const content = Object.fromEntries(Object.entries(schemas).map(([type, schema]) => [type, { schema }]))
  return Type.Unsafe<unknown>({ description, content })
}

const problemTexts = {
  400: 'The request is not valid; `errors` names each fault.',
  401: 'No token, or none that is known here.',
  403: 'The role of the token does not allow it; without tokens, the request comes from somewhere that may not ask.',
  404: 'There is no such thing.',
  409: 'The present state does not allow it; `code` says why.',
  412: 'The record is not at the revision that `If-Match` names.',
  413: 'The body is too large.',
  415: 'The body is not JSON.',
  429: 'Too many requests, or too many bad tokens; `Retry-After` says when to try again.',
  500: 'A fault of ours; the log tells more under `instance`.',
  502: 'IB refused the request; `detail` has its words.',
  503: 'Something that this needs is not available now; `Retry-After` says when to try again.',
} as const
type ProblemStatus = keyof typeof problemTexts

/** What every route can answer when it fails. */
const always = [400, 403, 429, 500, 503] as const

type Problems<S extends ProblemStatus> = Record<S | (typeof always)[number], TUnsafe<Problem>>

/** The failures of a route that is open to all, and the statuses given. */
export function openProblems<S extends ProblemStatus = never>(...statuses: S[]): Problems<S> {
  return Object.fromEntries(
    [...always, ...statuses].map((status) => [status, problem(status)]),
  ) as Problems<S>
}

/** The failures of a route that takes a token, and the statuses given. */
export function problems<S extends ProblemStatus = never>(...statuses: S[]): Problems<S | 401> {
  return openProblems<S | 401>(401, ...statuses)
}

/** The same for a route whose request may carry a body. */
export function bodyProblems<S extends ProblemStatus = never>(
  ...statuses: S[]
): Problems<S | 401 | 413 | 415> {
  return problems<S | 413 | 415>(413, 415, ...statuses)
}

function problem(status: ProblemStatus): TUnsafe<Problem> {
  return Type.Unsafe<Problem>({
    description: problemTexts[status],
    content: { 'application/problem+json': { schema: ref(Problem) } },
    ...((status === 429 || status === 503) && {
      headers: { 'retry-after': { type: 'integer', minimum: 1, description: 'Seconds.' } },
    }),
  })
}

function headersOf(names: ReadonlyArray<keyof typeof headerTexts>): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, { type: 'string', description: headerTexts[name] }]))
}
