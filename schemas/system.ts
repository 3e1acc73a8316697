// The system as a whole: IB status, host and dependencies, alerts and the audit history.
import { type Static, Type } from 'typebox'
import { Flag, FollowerId, LimitQuery, ref, Timestamp, words } from './common.ts'

const counts = {
  STARTING: Type.Integer(),
  RUNNING: Type.Integer(),
  STOPPED: Type.Integer(),
  FAILED: Type.Integer(),
}
const LastError = Type.Object({
  code: Type.Union([Type.Integer(), Type.String()]),
  message: Type.String(),
  at: Timestamp,
})

export const sessionStates = ['idle', 'connecting', 'ready', 'reconnecting', 'failed', 'closed'] as const
export type SessionState = (typeof sessionStates)[number]

export const SessionView = Type.Object(
  {
    followerId: FollowerId,
    state: words(sessionStates),
    clientId: Type.Optional(Type.Integer()),
    accounts: Type.Array(Type.String()),
    uptimeSeconds: Type.Number(),
    lastHeartbeatAt: Type.Optional(Timestamp),
    heartbeatRttMs: Type.Optional(Type.Number()),
    requests: Type.Integer(),
    errors: Type.Integer(),
    reconnects: Type.Integer(),
    lastError: Type.Optional(LastError),
  },
  { $id: 'Session' },
)

export const dataConnectionStates = ['disabled', 'connecting', 'connected', 'waiting'] as const

export const IbStatus = Type.Object(
  {
    connected: Type.Boolean({
      description: "Every wanted gateway's session and the configured data connection are up.",
    }),
    healthy: Type.Boolean({ description: 'The same, and fresh.' }),
    fleet: Type.Object({ total: Type.Integer(), ...counts }),
    dataConnection: Type.Object({
      state: words(dataConnectionStates),
      host: Type.Optional(Type.String()),
      port: Type.Optional(Type.Integer()),
      clientId: Type.Optional(Type.Integer()),
      upstream: Type.Optional(
        words(['up', 'lost'] as const, {
          description: 'Whether IBKR is there behind the gateway; while connected.',
        }),
      ),
      lastHeartbeatAt: Type.Optional(Timestamp),
      reconnects: Type.Integer(),
      nextRetryAt: Type.Optional(Timestamp),
      lastError: Type.Optional(LastError),
    }),
    sessions: Type.Array(ref(SessionView)),
    asOf: Timestamp,
  },
  { $id: 'IbStatus' },
)
export type IbStatus = Static<typeof IbStatus>

const Dependency = Type.Object({
  kind: Type.String(),
  reachable: Type.Boolean(),
  latencyMs: Type.Optional(Type.Number()),
  version: Type.Optional(Type.String()),
  detail: Type.Optional(Type.String()),
})
export type Dependency = Static<typeof Dependency>

export const AlertSinkStatus = Type.Object({
  name: Type.String({ description: 'For example `log`, `discord`, `webhook`.' }),
  waiting: Type.Integer({ description: 'Alerts that it has not taken yet; they are tried again.' }),
  lastDeliveredAt: Type.Optional({ ...Timestamp, description: 'Since the start of the manager.' }),
  lastError: Type.Optional(
    Type.String({ description: 'Why it did not take what it was last sent; gone with the next delivery.' }),
  ),
})
export type AlertSinkStatus = Static<typeof AlertSinkStatus>

export const SystemStatus = Type.Object(
  {
    version: Type.String(),
    managerId: Type.String(),
    startedAt: Timestamp,
    uptimeSeconds: Type.Number(),
    host: Type.Object({
      cpuCount: Type.Integer(),
      load1: Type.Number(),
      memoryTotalBytes: Type.Number(),
      memoryFreeBytes: Type.Number(),
      processRssBytes: Type.Number(),
      diskFreeBytes: Type.Optional(Type.Number()),
      diskTotalBytes: Type.Optional(Type.Number()),
    }),
    engine: Dependency,
    store: Dependency,
    credentials: Dependency,
    alertSinks: Type.Array(AlertSinkStatus),
    monitor: Type.Object({
      running: Type.Boolean(),
      intervalSeconds: Type.Number(),
      lastRunAt: Type.Optional(Timestamp),
      runs: Type.Integer(),
    }),
    fleet: Type.Object({ total: Type.Integer(), ...counts }),
    eventLoop: Type.Object({ p50Ms: Type.Number(), p99Ms: Type.Number(), maxMs: Type.Number() }),
    bots: Type.Array(
      Type.Object({
        followerId: Type.String(),
        purpose: Type.String(),
        clientId: Type.Integer(),
        expiresAt: Timestamp,
        healthUrl: Type.Optional(Type.String()),
        healthy: Type.Optional(Type.Boolean()),
        checkedAt: Type.Optional(Timestamp),
      }),
    ),
  },
  { $id: 'SystemStatus' },
)
export type SystemStatus = Static<typeof SystemStatus>

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

export const AlertsQuery = Type.Object(
  {
    open: Type.Optional({ ...Flag, description: 'On: only those that are open; off: only resolved ones.' }),
    followerId: Type.Optional(FollowerId),
    ...LimitQuery,
  },
  { additionalProperties: false },
)

export const AlertParams = Type.Object(
  { id: Type.String({ minLength: 1, maxLength: 200, pattern: '^[A-Za-z0-9_.:-]+$' }) },
  { additionalProperties: false },
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

export const FaultParams = Type.Object({ followerId: FollowerId }, { additionalProperties: false })

export const FaultBody = Type.Object(
  {
    fault: Type.String({ minLength: 1, maxLength: 50, description: 'For example drop, mute, 1100, clear.' }),
    value: Type.Optional(Type.String({ maxLength: 200, description: 'For the faults that take one.' })),
  },
  { $id: 'Fault', additionalProperties: false },
)

export const ProbeOk = Type.Object({ status: words(['ok'] as const) }, { $id: 'ProbeOk' })
