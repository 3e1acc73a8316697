// Wire shapes of alerts.
import { type Static, Type } from 'typebox'
import { Flag, FollowerId, pageQueryWith, ref, Timestamp, words } from './common.ts'

/** The least urgent first. */
export const alertLevels = ['INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const
export type AlertLevel = (typeof alertLevels)[number]

export const Alert = Type.Object(
  {
    id: Type.String(),
    key: Type.String({
      description: 'What the alert is about; raised again under the same key it is counted, not repeated.',
    }),
    level: words(alertLevels),
    code: Type.String(),
    followerId: Type.Optional(Type.String()),
    title: Type.String(),
    message: Type.String(),
    action: Type.Optional(Type.String()),
    runbook: Type.Optional(Type.String({ description: 'Address of what to do, step by step.' })),
    count: Type.Integer(),
    raisedAt: Timestamp,
    lastRaisedAt: Timestamp,
    resolvedAt: Type.Optional(Timestamp),
    acknowledgedAt: Type.Optional(Timestamp),
    acknowledgedBy: Type.Optional(Type.String()),
  },
  { $id: 'Alert' },
)
export type Alert = Static<typeof Alert>

export const AlertList = Type.Object(
  { items: Type.Array(ref(Alert)), nextCursor: Type.Optional(Type.String()) },
  { $id: 'AlertList' },
)

export const AlertsQuery = Type.Object(
  {
    open: Type.Optional({ ...Flag, description: 'On: only those that are open; off: only resolved ones.' }),
    followerId: Type.Optional(FollowerId),
    // When it was raised, and its id.
    ...pageQueryWith(
      '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9][.][0-9]{3}Z/[A-Za-z0-9_.:-]{1,150}$',
    ),
  },
  { additionalProperties: false },
)

export const AlertParams = Type.Object(
  { id: Type.String({ minLength: 1, maxLength: 200, pattern: '^[A-Za-z0-9_.:-]+$' }) },
  { additionalProperties: false },
)
