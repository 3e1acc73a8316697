// Gateways as the API shows them: status, phase, reason, health layers, leases, and the bodies of their verbs.
import { type Static, Type } from 'typebox'
import { Flag, FollowerId, PageQuery, Problem, ref, Timestamp, words } from './common.ts'
import { tradingModes } from './follower.ts'
import { reasonCodes } from './reason.ts'

export const gatewayStatuses = ['STARTING', 'RUNNING', 'STOPPED', 'FAILED'] as const
export type GatewayStatus = (typeof gatewayStatuses)[number]

export const gatewayPhases = [
  'stopped',
  'pulling',
  'creating',
  'booting',
  'logging-in',
  'awaiting-2fa',
  'connecting',
  'ready',
  'degraded',
  'reconnecting',
  'upstream-lost',
  'restarting',
  'stopping',
  'backing-off',
  'locked',
] as const
export type GatewayPhase = (typeof gatewayPhases)[number]

export const Reason = Type.Object(
  {
    code: words(reasonCodes),
    message: Type.String({ description: 'What happened.' }),
    action: Type.Optional(
      Type.String({ description: 'What a person should do; absent when the manager acts by itself.' }),
    ),
  },
  { $id: 'Reason' },
)
export type Reason = Static<typeof Reason>

export const Condition = Type.Object(
  {
    type: Type.String({ description: 'For example MarketDataFarmDown, SlowHeartbeat, ReadOnlyBlock.' }),
    status: Type.Boolean(),
    since: Timestamp,
    message: Type.Optional(Type.String()),
  },
  { $id: 'Condition' },
)
export type Condition = Static<typeof Condition>

export const Gateway = Type.Object(
  {
    followerId: FollowerId,
    name: Type.Optional(Type.String({ description: "The follower's name, for people." })),
    tradingMode: words(tradingModes, {
      description:
        'What it trades in while it has a container: what that was started with, also when the record says another since.',
    }),
    status: words(gatewayStatuses),
    phase: words(gatewayPhases),
    healthy: Type.Boolean(),
    connected: Type.Boolean({ description: 'Our IB API session is up and answered within its deadline.' }),
    since: Timestamp,
    desired: words(['running', 'stopped'] as const),
    reason: Type.Optional(ref(Reason)),
    deadline: Type.Optional(Timestamp),
    pushExpiresAt: Type.Optional({
      ...Timestamp,
      description:
        'Until when the request on IBKR Mobile can be approved; only while one is open. The `deadline` of the phase is a little later.',
    }),
    retryAt: Type.Optional(Timestamp),
    plannedRestartAt: Type.Optional(Timestamp),
    containerId: Type.Optional(Type.String()),
    containerName: Type.Optional(Type.String()),
    image: Type.Optional(Type.String()),
    endpoint: Type.Optional(Type.Object({ host: Type.String(), port: Type.Integer() })),
    clientId: Type.Optional(Type.Integer()),
    accounts: Type.Array(Type.String()),
    serverVersion: Type.Optional(Type.Integer()),
    startedAt: Type.Optional(Timestamp),
    connectedAt: Type.Optional(Timestamp),
    lastHeartbeatAt: Type.Optional(Timestamp),
    heartbeatRttMs: Type.Optional(Type.Number()),
    reconnects: Type.Integer(),
    restarts: Type.Integer({
      description: 'Containers after the first, and soft restarts: by the manager itself or asked for.',
    }),
    connectionFailures: Type.Integer(),
    progress: Type.Optional(
      Type.String({
        description: 'What a slow step is doing now, for example the share of an image pulled.',
      }),
    ),
    conditions: Type.Array(ref(Condition)),
    drift: Type.Boolean({
      description:
        'The record asks for another container than the one that runs; applied at the next restart.',
    }),
  },
  { $id: 'Gateway' },
)
export type Gateway = Static<typeof Gateway>

export const GatewayList = Type.Object(
  {
    items: Type.Array(ref(Gateway)),
    nextCursor: Type.Optional(Type.String()),
    counts: Type.Object({
      STARTING: Type.Integer(),
      RUNNING: Type.Integer(),
      STOPPED: Type.Integer(),
      FAILED: Type.Integer(),
    }),
  },
  { $id: 'GatewayList' },
)
export type GatewayList = Static<typeof GatewayList>
export type StatusCounts = GatewayList['counts']

export const GatewayStatusView = Type.Object(
  {
    followerId: FollowerId,
    status: words(gatewayStatuses),
    phase: words(gatewayPhases),
    healthy: Type.Boolean(),
    since: Timestamp,
    reason: Type.Optional(ref(Reason)),
  },
  { $id: 'GatewayStatus' },
)
export type GatewayStatusView = Static<typeof GatewayStatusView>

/** Layers of readiness, from the container up; the first that fails names the trouble. */
export const healthLayers = [
  'container',
  'login',
  'port',
  'handshake',
  'accounts',
  'heartbeat',
  'upstream',
  'farms',
] as const
export type HealthLayer = (typeof healthLayers)[number]
export const layerStatuses = ['ok', 'failing', 'unknown'] as const
export type LayerStatus = (typeof layerStatuses)[number]

export const GatewayHealth = Type.Object(
  {
    followerId: FollowerId,
    healthy: Type.Boolean(),
    status: words(gatewayStatuses),
    failing: Type.Optional(words(healthLayers)),
    layers: Type.Array(
      Type.Object({
        name: words(healthLayers),
        status: words(layerStatuses),
        since: Timestamp,
        detail: Type.Optional(Type.String()),
      }),
    ),
  },
  { $id: 'GatewayHealth' },
)
export type GatewayHealth = Static<typeof GatewayHealth>

export const HealthQuery = Type.Object(
  {
    report: Type.Optional({
      ...Flag,
      description: 'For people, who read the answer and not its status: 200 even when it is not healthy.',
    }),
  },
  { additionalProperties: false },
)

/** Where a gateway's screen is shown. On 127.0.0.1 of the host that runs it. */
export const GatewayScreen = Type.Object(
  {
    host: Type.String(),
    port: Type.Integer(),
    password: Type.String({ description: 'Made up for this container; a secret like any other.' }),
  },
  { $id: 'GatewayScreen' },
)
export type GatewayScreen = Static<typeof GatewayScreen>

export const RestartBody = Type.Object(
  { mode: Type.Optional(words(['soft', 'container'] as const)) },
  { $id: 'Restart', additionalProperties: false },
)
export type RestartBody = Static<typeof RestartBody>

export const BulkBody = Type.Object(
  { followerIds: Type.Optional(Type.Array(FollowerId, { maxItems: 1000 })) },
  { $id: 'Bulk', additionalProperties: false },
)

export const BulkResult = Type.Object(
  {
    results: Type.Array(
      Type.Object({
        followerId: Type.String(),
        status: Type.Integer({ description: '200, 202, 404, 409 or 503, as the single call would answer.' }),
        gateway: Type.Optional(ref(Gateway)),
        problem: Type.Optional(ref(Problem)),
      }),
    ),
  },
  { $id: 'BulkResult' },
)
export type BulkResult = Static<typeof BulkResult>

export const GatewaysQuery = Type.Object(
  { status: Type.Optional(words(gatewayStatuses)), ...PageQuery },
  { additionalProperties: false },
)

export const WaitQuery = Type.Object(
  {
    wait: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 600,
        description: 'Seconds to hold the answer until the outcome is known [0].',
      }),
    ),
  },
  { additionalProperties: false },
)

export const LogsQuery = Type.Object(
  {
    tail: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 10_000, default: 200, description: 'The last so many lines.' }),
    ),
    follow: Type.Optional(Flag),
  },
  { additionalProperties: false },
)
