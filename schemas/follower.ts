// Follower records: the accounts that copy trades, one gateway each. Only people write them.
import { type Static, type TSchema, Type } from 'typebox'
import { FollowerId, PageQuery, ref, Timestamp, words } from './common.ts'

export const followerStates = ['ACTIVE', 'DISABLED', 'MANUAL_INTERVENTION'] as const
export type FollowerState = (typeof followerStates)[number]
export const tradingModes = ['paper', 'live'] as const
export type TradingMode = (typeof tradingModes)[number]
/** What a gateway does when its user is logged in elsewhere (IBC ExistingSessionDetectedAction). */
export const existingSessionActions = ['primary', 'primaryoverride', 'secondary', 'manual'] as const

/** Settings of one follower's gateway; each left out takes the product's default. */
export const GatewaySettings = Type.Object(
  {
    image: Type.Optional(
      Type.String({ minLength: 1, maxLength: 300, pattern: '^[A-Za-z0-9][A-Za-z0-9._/:@-]*$' }),
    ),
    timeZone: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 60,
        pattern: '^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$',
        format: 'iana-time-zone',
        description: 'IANA name [America/New_York].',
      }),
    ),
    autoRestartTime: Type.Optional(
      Type.String({
        pattern: '^(0[1-9]|1[0-2]):[0-5][0-9] (AM|PM)$',
        description: 'IBC format, `hh:mm AM` [04:30 PM].',
      }),
    ),
    readOnlyApi: Type.Optional(Type.Boolean({ description: '[false]' })),
    javaHeapMb: Type.Optional(Type.Integer({ minimum: 256, maximum: 65536, description: '[1024]' })),
    existingSession: Type.Optional(words(existingSessionActions, { description: '[primary]' })),
    twofaDevice: Type.Optional(Type.String({ minLength: 1, maxLength: 200, pattern: '^[^\\x00-\\x1f]+$' })),
    vnc: Type.Optional(Type.Boolean({ description: '[false]' })),
  },
  { additionalProperties: false },
)
export type GatewaySettings = Static<typeof GatewaySettings>

const accountId = Type.String({
  pattern: '^[A-Z]{1,4}[0-9]{4,12}$',
  description: 'IB account, like DU1234567.',
})
const printable = '^[^\\x00-\\x1f\\x7f]*$'
const name = Type.String({
  maxLength: 200,
  pattern: printable,
  description: 'For people; no control characters.',
})
const vaultSecretRef = Type.String({
  minLength: 1,
  maxLength: 500,
  pattern: printable,
  description: 'Path of the secret, relative to the KV mount; no control characters.',
})
const labelKey = Type.String({ pattern: '^[^\\x00-\\x1f\\x7f]{1,100}$' })
/** Also of what patches add up to. */
export const mostLabels = 50
const labelLimits = {
  maxProperties: mostLabels,
  additionalProperties: false,
  description: `At most ${mostLabels}, keys of 1 to 100 printable characters.`,
}

const writable = {
  name: Type.Optional(name),
  enabled: Type.Optional(Type.Boolean({ description: '[true]' })),
  state: Type.Optional(words(followerStates, { description: '[ACTIVE]' })),
  tradingMode: Type.Optional(words(tradingModes, { description: '[paper]' })),
  accounts: Type.Optional(
    Type.Array(accountId, {
      maxItems: 100,
      uniqueItems: true,
      description: 'When given, exactly what the gateway must report.',
    }),
  ),
  vaultSecretRef: Type.Optional(vaultSecretRef),
  gateway: Type.Optional(GatewaySettings),
  labels: Type.Optional(Type.Record(labelKey, Type.String({ maxLength: 500 }), labelLimits)),
}

export const FollowerCreate = Type.Object(
  { id: FollowerId, ...writable },
  { $id: 'FollowerCreate', additionalProperties: false },
)
export type FollowerCreate = Static<typeof FollowerCreate>

/** A validated merge patch; the manager applies it to the record and validates the outcome again. */
export type FollowerPatch = { [K in Exclude<keyof FollowerCreate, 'id'>]?: FollowerCreate[K] | null }

const removable = (schema: TSchema) => Type.Optional(Type.Union([schema, Type.Null()]))

/** RFC 7396 merge patch: null removes a field. Null is admitted where the record's field is optional. */
export const FollowerPatch = Type.Unsafe<FollowerPatch>(
  Type.Object(
    {
      name: removable(name),
      enabled: Type.Optional(Type.Boolean()),
      state: Type.Optional(words(followerStates)),
      tradingMode: Type.Optional(words(tradingModes)),
      accounts: removable(Type.Array(accountId, { maxItems: 100, uniqueItems: true })),
      vaultSecretRef: removable(vaultSecretRef),
      gateway: removable(
        Type.Object(
          Object.fromEntries(
            Object.entries(GatewaySettings.properties).map(([key, schema]) => [key, removable(schema)]),
          ),
          { additionalProperties: false },
        ),
      ),
      labels: removable(
        Type.Record(labelKey, Type.Union([Type.String({ maxLength: 500 }), Type.Null()]), labelLimits),
      ),
    },
    { $id: 'FollowerPatch', additionalProperties: false },
  ),
)

export const Follower = Type.Object(
  {
    id: FollowerId,
    name: Type.Optional(Type.String()),
    enabled: Type.Boolean(),
    state: words(followerStates),
    tradingMode: words(tradingModes),
    accounts: Type.Optional(Type.Array(Type.String())),
    vaultSecretRef: Type.Optional(Type.String()),
    gateway: Type.Optional(GatewaySettings),
    labels: Type.Optional(Type.Record(Type.String(), Type.String())),
    createdAt: Timestamp,
    updatedAt: Timestamp,
    revision: Type.Integer({ description: 'Grows by one with each change; also the ETag.' }),
  },
  { $id: 'Follower' },
)
export type Follower = Static<typeof Follower>

export const FollowerList = Type.Object(
  { items: Type.Array(ref(Follower)), nextCursor: Type.Optional(Type.String()) },
  { $id: 'FollowerList' },
)

export const FollowersQuery = Type.Object(PageQuery, { additionalProperties: false })

/** Preconditions of RFC 9110 §13.1.1 on a record's revision. */
export const IfMatchHeader = Type.Object({
  'if-match': Type.Optional(
    Type.String({ description: 'Act only on this revision of the record: `"3"`, or `*` for any.' }),
  ),
})

const credential = '^[^\\s\\x00-\\x1f\\x7f]([^\\x00-\\x1f\\x7f]*[^\\s\\x00-\\x1f\\x7f])?$'
/** Username and password of an IB login. Blanks at the ends and control characters cannot reach the gateway (IBC reads Java properties). */
export const CredentialsBody = Type.Object(
  {
    username: Type.String({
      minLength: 1,
      maxLength: 200,
      pattern: credential,
      description: 'No blanks at the ends, no control characters.',
    }),
    password: Type.String({
      minLength: 1,
      maxLength: 500,
      pattern: credential,
      description: 'No blanks at the ends, no control characters.',
    }),
  },
  { $id: 'Credentials', additionalProperties: false },
)
export type CredentialsBody = Static<typeof CredentialsBody>

export const CredentialsQuery = Type.Object(
  {
    store: Type.Optional(
      words(['embedded'] as const, { description: 'Keep them here even when there is a Vault.' }),
    ),
  },
  { additionalProperties: false },
)
