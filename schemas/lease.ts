// Wire shapes of client leases: a client id on one gateway that nobody else has.
import { type Static, Type } from 'typebox'
import { FollowerId, Timestamp } from './common.ts'

export const LeaseBody = Type.Object(
  {
    purpose: Type.String({ minLength: 1, maxLength: 100, pattern: '^[^\\x00-\\x1f]+$' }),
    ttlSeconds: Type.Optional(Type.Integer({ minimum: 5, maximum: 86400, description: '[300]' })),
    readOnly: Type.Optional(Type.Boolean({ description: '[false]' })),
    healthUrl: Type.Optional(
      Type.String({
        maxLength: 500,
        pattern: '^https?://(127\\.0\\.0\\.1|localhost|\\[::1\\])(:[0-9]{1,5})?(/[^\\s]*)?$',
        description: 'An http(s) URL on 127.0.0.1, localhost or [::1]; polled and shown.',
      }),
    ),
  },
  { $id: 'LeaseRequest', additionalProperties: false },
)
export type LeaseBody = Static<typeof LeaseBody>

export const LeaseRenewal = Type.Object(
  { ttlSeconds: Type.Optional(Type.Integer({ minimum: 5, maximum: 86400 })) },
  { $id: 'LeaseRenewal', additionalProperties: false },
)

/** A client id that nobody else has on this gateway until `expiresAt`, so that a bot connects without error 326. */
export const Lease = Type.Object(
  {
    clientId: Type.Integer(),
    host: Type.String(),
    port: Type.Integer(),
    accounts: Type.Array(Type.String()),
    readOnly: Type.Boolean(),
    expiresAt: Timestamp,
  },
  { $id: 'Lease' },
)
export type Lease = Static<typeof Lease>

export const LeaseParams = Type.Object(
  { id: FollowerId, clientId: Type.Integer({ minimum: 0, maximum: 2_147_483_647 }) },
  { additionalProperties: false },
)
