// A follower as people keep it in MongoDB, in snake_case, and as we know it. Pure.
import { isDeepStrictEqual } from 'node:util'
import { ObjectId } from 'mongodb'
import { Compile } from 'typebox/compile'
import { Follower, GatewaySettings } from '../../../schemas/follower.ts'
import type { MalformedRecord } from '../../ports/stores.ts'
import { decode, encode, isRecord, timestamp } from './values.ts'

export type FollowerDocument = Record<string, unknown>

/** What turns one version of a document into the next. */
export interface DocumentChange {
  readonly $set: Record<string, unknown>
  readonly $unset: Record<string, ''>
}

/** Made into code once: all records are read again every few seconds. */
const schema = Compile(Follower)
const plainFields = Object.keys(Follower.properties).filter((field) => !['id', 'gateway'].includes(field))
const settings = Object.keys(GatewaySettings.properties)
const settingNames = new Set(settings.flatMap((field) => [field, snakeCase(field)]))
const timeFields = ['createdAt', 'updatedAt']

/** The follower's id: the field `id`, else a text `_id`; null when there is neither. */
export function followerId({ _id, id }: FollowerDocument): string | null {
  const chosen = id ?? _id
  return typeof chosen === 'string' ? chosen : null
}

/** Null counts as absent, for that is how some languages write it. Only id, enabled and state must be there; fields that are not ours are left out. */
export function readFollower(document: FollowerDocument): { follower: Follower } | MalformedRecord {
  const id = followerId(document)
  if (id === null)
    return { id: String(document.id ?? document._id), message: 'it has neither a text `id` nor a text `_id`' }
  const fields = pick(document, plainFields, storedName)
  const times: Record<string, string> = {}
  for (const field of timeFields) {
    const time =
      fields[field] === undefined ? (times.createdAt ?? birth(document._id)) : timestamp(fields[field])
    if (time === undefined) return { id, message: `/${snakeCase(field)} is not a time` }
    times[field] = time
  }
  const gateway = document.gateway ?? undefined
  const follower = {
    tradingMode: 'paper',
    revision: 0,
    ...fields,
    ...times,
    id,
    ...(gateway === undefined
      ? {}
      : { gateway: isRecord(gateway) ? pick(gateway, settings, settingName) : gateway }),
  }
  if (schema.Check(follower)) return { follower }
  const [fault] = schema.Errors(follower)
  return {
    id,
    message: `${snakeCase(fault?.instancePath ?? '') || 'the record'} ${fault?.message ?? 'does not fit'}`,
  }
}

/** `id` and `_id` both, so that whichever another document of that follower has, they collide. */
export function newDocument(follower: Follower): FollowerDocument & { _id: string } {
  const { $set } = followerChange({}, null, follower)
  return { _id: follower.id, id: follower.id, ...$set }
}

/** What makes `stored` say `next`, where it said `before`: nothing but the fields that differ. */
export function followerChange(
  stored: FollowerDocument,
  before: Follower | null,
  next: Follower,
): DocumentChange {
  const change: DocumentChange = { $set: {}, $unset: {} }
  const from: Record<string, unknown> = before ?? {}
  const to: Record<string, unknown> = next
  for (const field of plainFields) {
    const isTime = timeFields.includes(field) && typeof stored[snakeCase(field)] !== 'string'
    const value = isTime ? new Date(String(to[field])) : encode(to[field])
    put(change, storedName(stored, field), from[field], to[field], value)
  }
  changeGateway(change, stored, before?.gateway, next.gateway)
  return change
}

function changeGateway(
  change: DocumentChange,
  stored: FollowerDocument,
  before: GatewaySettings | undefined,
  next: GatewaySettings | undefined,
): void {
  const document = stored.gateway
  const hasStrangers = isRecord(document) && Object.keys(document).some((name) => !settingNames.has(name))
  if (!isRecord(document) || (next === undefined && !hasStrangers)) {
    const value =
      next && Object.fromEntries(Object.entries(next).map(([field, setting]) => [snakeCase(field), setting]))
    put(change, 'gateway', before, next, value)
    return
  }
  const from: Record<string, unknown> = before ?? {}
  const to: Record<string, unknown> = next ?? {}
  for (const field of settings)
    put(change, `gateway.${settingName(document, field)}`, from[field], to[field], to[field])
}

function put(change: DocumentChange, name: string, before: unknown, next: unknown, value: unknown): void {
  if (isDeepStrictEqual(before, next)) return
  if (next === undefined) change.$unset[name] = ''
  else change.$set[name] = value
}

type Namer = (document: Readonly<Record<string, unknown>>, field: string) => string

const storedName: Namer = (_document, field) => snakeCase(field)

/** The settings' names are not the seeds': those of the API are read too, and kept where a document has them. */
const settingName: Namer = (document, field) => (field in document ? field : snakeCase(field))

function pick(document: FollowerDocument, fields: readonly string[], nameOf: Namer): Record<string, unknown> {
  const found = fields.map((field) => [field, decode(document[nameOf(document, field)])] as const)
  return Object.fromEntries(found.filter(([, value]) => value !== undefined && value !== null))
}

/** When a document without `created_at` was made, as far as its key tells. */
function birth(_id: unknown): string {
  return (_id instanceof ObjectId ? _id.getTimestamp() : new Date(0)).toISOString()
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
