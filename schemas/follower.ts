// Follower records: the accounts that copy trades, one gateway each. Only people write them.
import { type Static, Type } from 'typebox'
import { FollowerId, Timestamp, words } from './common.ts'

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
const writable = {
  name: Type.Optional(Type.String({ maxLength: 200 })),
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
  vaultSecretRef: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  gateway: Type.Optional(GatewaySettings),
  labels: Type.Optional(
    Type.Record(Type.String({ pattern: '^[^\\x00-\\x1f]{1,100}$' }), Type.String({ maxLength: 500 }), {
      maxProperties: 50,
    }),
  ),
}

export const FollowerCreate = Type.Object(
  { id: FollowerId, ...writable },
  { $id: 'FollowerCreate', additionalProperties: false },
)
export type FollowerCreate = Static<typeof FollowerCreate>

/** RFC 7396 merge patch: null removes a field. `Null` is admitted where the record's field is optional. */
const removable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()])
export const FollowerPatch = Type.Object(
  {
    name: Type.Optional(removable(Type.String({ maxLength: 200 }))),
    enabled: Type.Optional(Type.Boolean()),
    state: Type.Optional(words(followerStates)),
    tradingMode: Type.Optional(words(tradingModes)),
    accounts: Type.Optional(removable(Type.Array(accountId, { maxItems: 100, uniqueItems: true }))),
    vaultSecretRef: Type.Optional(removable(Type.String({ minLength: 1, maxLength: 500 }))),
    gateway: Type.Optional(
      removable(
        Type.Object(
          Object.fromEntries(
            Object.entries(GatewaySettings.properties).map(([key, schema]) => [
              key,
              Type.Optional(removable(schema)),
            ]),
          ) as Record<string, ReturnType<typeof Type.Optional>>,
          { additionalProperties: false },
        ),
      ),
    ),
    labels: Type.Optional(
      removable(
        Type.Record(
          Type.String({ pattern: '^[^\\x00-\\x1f]{1,100}$' }),
          removable(Type.String({ maxLength: 500 })),
          { maxProperties: 50 },
        ),
      ),
    ),
  },
  { $id: 'FollowerPatch', additionalProperties: false },
)
/** A validated merge patch; the manager applies it to the record and validates the outcome again. */
export type FollowerPatch = { [K in Exclude<keyof FollowerCreate, 'id'>]?: FollowerCreate[K] | null }

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

/** Username and password of an IB login. Blanks at the ends and control characters cannot reach the gateway (IBC reads Java properties). */
export const CredentialsBody = Type.Object(
  {
    username: Type.String({
      minLength: 1,
      maxLength: 200,
      pattern: '^[^\\s\\x00-\\x1f]([^\\x00-\\x1f\\x7f]*[^\\s\\x00-\\x1f])?$',
    }),
    password: Type.String({
      minLength: 1,
      maxLength: 500,
      pattern: '^[^\\s\\x00-\\x1f]([^\\x00-\\x1f\\x7f]*[^\\s\\x00-\\x1f])?$',
    }),
  },
  { $id: 'Credentials', additionalProperties: false },
)
export type CredentialsBody = Static<typeof CredentialsBody>
