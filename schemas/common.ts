// Shapes that every resource shares: ids, time stamps, lists, problems, and the helper that names a schema once in OpenAPI.
import { type Static, type TSchema, type TUnsafe, Type } from 'typebox'

/** Refers to a schema that is registered by its `$id`, keeping its static type and a named OpenAPI component. */
export function ref<S extends TSchema & { $id?: string }>(schema: S): TUnsafe<Static<S>> {
  return Type.Unsafe<Static<S>>(Type.Ref(schema.$id as string))
}

/** A closed set of words, as a clean OpenAPI enum (a union of literals would print as `anyOf`). */
export function words<const T extends readonly string[]>(
  values: T,
  options: object = {},
): TUnsafe<T[number]> {
  return Type.Unsafe<T[number]>({ type: 'string', enum: [...values], ...options })
}

/** A follower's id: also part of container names, volume names and file names, hence the narrow alphabet. */
export const FollowerId = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$',
  description: 'Letters, digits, `_`, `.` and `-`, at most 63, starting with a letter or digit.',
})

export const Timestamp = Type.String({ format: 'date-time', description: 'RFC 3339, UTC.' })

export const FollowerParams = Type.Object({ id: FollowerId }, { additionalProperties: false })

/** One fault of a request: where it is and what is wrong with it. */
export const FieldError = Type.Object({ path: Type.String(), message: Type.String() })

/** RFC 9457 problem details; every error answer of the API has this shape. */
export const Problem = Type.Object(
  {
    type: Type.String({ description: 'A URI reference that names the kind of problem.' }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'Stable code to branch on.' }),
    detail: Type.String({ description: 'What happened, to whom, and what to do.' }),
    instance: Type.String({ description: 'The id of the request, as in the log.' }),
    errors: Type.Optional(Type.Array(FieldError)),
  },
  { $id: 'Problem' },
)
export type Problem = Static<typeof Problem>

const limit = Type.Optional(
  Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: 'At most so many items.' }),
)

const cursor = { minLength: 1, maxLength: 200, description: '`nextCursor` of the page before.' }

/** `limit` and `cursor` of every list. */
export const PageQuery = { limit, cursor: Type.Optional(Type.String(cursor)) }

/** The same where only cursors of this form are ever given. */
export const pageQueryWith = (pattern: string) => ({
  limit,
  cursor: Type.Optional(Type.String({ ...cursor, pattern })),
})

/** `limit` of the lists that have one page. */
export const LimitQuery = { limit }

/** A switch in a query string. */
export const Flag = words(['true', 'false', '1', '0'] as const)
