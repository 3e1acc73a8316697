// Wire shape of what a gateway has been through.
import { type Static, Type } from 'typebox'
import { FollowerId, Timestamp, words } from './common.ts'
import { gatewayPhases, gatewayStatuses } from './gateway.ts'
import { reasonCodes } from './reason.ts'

/** What a gateway has been through: phases one after the other, and the round trips of its latest heartbeats. */
export const GatewayTimeline = Type.Object(
  {
    followerId: FollowerId,
    from: Timestamp,
    to: Timestamp,
    spans: Type.Array(
      Type.Object({
        phase: words(gatewayPhases),
        status: words(gatewayStatuses),
        from: Timestamp,
        to: Type.Optional(Timestamp),
        reason: Type.Optional(words(reasonCodes)),
        unwatched: Type.Optional(
          Type.Boolean({
            description: 'No manager was alive to see it: the phase is the last that was seen.',
          }),
        ),
      }),
      {
        description:
          'Oldest first, without holes; the last one has no `to`. Empty when nothing is known of that time.',
      },
    ),
    heartbeats: Type.Array(Type.Object({ at: Timestamp, roundTripMs: Type.Number() }), {
      description: 'Of the present manager, oldest first, at most 120.',
    }),
    outages: Type.Integer({
      description: 'Times that a wanted gateway stopped being RUNNING, or failed to start.',
    }),
    outageSeconds: Type.Number({
      description: 'Time that it was wanted and not RUNNING; a start that has not failed is left out.',
    }),
  },
  { $id: 'GatewayTimeline' },
)
export type GatewayTimeline = Static<typeof GatewayTimeline>

export const TimelineQuery = Type.Object(
  {
    hours: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, maximum: 168, default: 24, description: 'So far back.' }),
    ),
  },
  { additionalProperties: false },
)
