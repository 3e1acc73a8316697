// The system as a whole: IB status, host and dependencies, faults of simulated gateways.
import { type Static, Type } from 'typebox'
import { FollowerId, ref, Timestamp, words } from './common.ts'

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

export const FaultParams = Type.Object({ followerId: FollowerId }, { additionalProperties: false })

export const FaultBody = Type.Object(
  {
    fault: Type.String({ minLength: 1, maxLength: 50, description: 'For example drop, mute, 1100, clear.' }),
    value: Type.Optional(Type.String({ maxLength: 200, description: 'For the faults that take one.' })),
  },
  { $id: 'Fault', additionalProperties: false },
)

export const ProbeOk = Type.Object({ status: words(['ok'] as const) }, { $id: 'ProbeOk' })
