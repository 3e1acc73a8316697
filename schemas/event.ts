// Wire shapes of the history and of the live stream.
import { type Static, Type } from 'typebox'
import { FollowerId, LimitQuery, ref, Timestamp } from './common.ts'

export const FleetEvent = Type.Object(
  {
    id: Type.String({ description: 'Sorts by time.' }),
    at: Timestamp,
    type: Type.String({
      description: 'For example gateway.phase, gateway.launch, credentials.read, follower.changed.',
    }),
    followerId: Type.Optional(Type.String()),
    actor: Type.Optional(Type.String({ description: 'Who asked: a token name, `local`, or `manager`.' })),
    message: Type.String(),
    data: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  { $id: 'Event' },
)
export type FleetEvent = Static<typeof FleetEvent>

export const EventList = Type.Object(
  { items: Type.Array(ref(FleetEvent)), nextCursor: Type.Optional(Type.String()) },
  { $id: 'EventList' },
)

export const EventsQuery = Type.Object(
  {
    since: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 100,
        pattern: '^[A-Za-z0-9_.:+-]+$',
        description: 'Only what came after this event id or RFC 3339 time.',
      }),
    ),
    followerId: Type.Optional(FollowerId),
    ...LimitQuery,
  },
  { additionalProperties: false },
)

/** What `/events/stream` sends. */
export const streamParts = ['history', 'gateways', 'alerts'] as const
export type StreamPart = (typeof streamParts)[number]

export const EventStreamQuery = Type.Object(
  {
    include: Type.Optional(
      Type.String({
        pattern: '^(history|gateways|alerts)(,(history|gateways|alerts))*$',
        description:
          'Comma-separated [history]. `history`: each event as it happens. `gateways` and `alerts`: what is now, then each change.',
      }),
    ),
    followerId: Type.Optional(FollowerId),
    type: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 100,
        pattern: '^[a-z0-9.-]+\\*?$',
        description: 'Only history of this type; `gateway.*` for all that begin so.',
      }),
    ),
    since: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 100,
        pattern: '^[A-Za-z0-9_.:+-]+$',
        description: 'As of GET /events; the header `Last-Event-ID` wins.',
      }),
    ),
  },
  { additionalProperties: false },
)

/** What a browser sends by itself when it comes again. */
export const EventStreamHeaders = Type.Object({
  'last-event-id': Type.Optional(
    Type.String({
      maxLength: 100,
      description: 'The last event id seen: everything after it comes first. Also an RFC 3339 time.',
    }),
  ),
})
