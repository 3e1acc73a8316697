// Looks at a world that a test makes up: containers, logins and sessions with the fields that a decision reads.
import type { Follower } from '../../schemas/follower.ts'
import type { Limit } from '../../src/fleet/lifecycle/limits.ts'
import type { GatewayState, LifecycleLimits, Observation } from '../../src/fleet/lifecycle/state.ts'
import { initialState } from '../../src/fleet/lifecycle/state.ts'
import { type LoginProgress, newLogin } from '../../src/fleet/login-log/progress.ts'
import type { LoginVerdict } from '../../src/fleet/login-log/verdict.ts'
import type { Log } from '../../src/ports/log.ts'
import type { GatewayContainer } from '../../src/ports/runtime.ts'
import type { SessionSnapshot } from '../../src/session/snapshot.ts'

/** Some Monday noon in New York's winter. */
export const noon = Date.UTC(2026, 0, 5, 17)

export const crashLoop: Limit = { limit: 5, windowMs: 600_000 }
export const limits: LifecycleLimits = {
  maxStartupMs: 120_000,
  twofaTimeoutMs: 180_000,
  twofaMaxPushes: 3,
  crashLoop,
}

/** Decides `afterMs` after noon, without jitter. */
export const at = (afterMs = 0, changed: Partial<LifecycleLimits> = {}) => ({
  limits: { ...limits, ...changed },
  now: noon + afterMs,
  random: 0,
})

export const container = (changed: Partial<GatewayContainer> = {}): GatewayContainer => ({
  id: 'c1',
  name: 'ibgateway-follower-f1',
  followerId: 'f1',
  image: 'image',
  state: 'running',
  outOfMemory: false,
  startedAt: noon,
  hostPort: 4100,
  clientId: 1000,
  usernameHash: 'user',
  specHash: 'spec',
  tradingMode: 'paper',
  publishedOn: ['127.0.0.1'],
  ...changed,
})

export const session = (
  state: SessionSnapshot['state'],
  changed: Partial<SessionSnapshot> = {},
): SessionSnapshot => ({
  state,
  since: noon,
  clientId: 1000,
  host: '127.0.0.1',
  port: 4100,
  accounts: state === 'ready' ? ['DU1'] : [],
  heartbeatLate: false,
  upstream: 'up',
  brokenFarms: [],
  competing: false,
  dataLost: 0,
  conflicts326: 0,
  requests: 0,
  errors: 0,
  reconnects: 0,
  connectionFailures: 0,
  uptimeMs: 0,
  ...changed,
})

export const login = (
  phase: LoginVerdict['phase'],
  verdict: Partial<LoginVerdict> = {},
  progress: Partial<LoginProgress> = {},
): NonNullable<Observation['login']> => ({
  progress: { ...newLogin(noon), jvmStarts: 1, ...progress },
  verdict: { phase, terminal: phase === 'backing-off' || phase === 'locked', ...verdict },
})

/** A wanted gateway whose container runs and has said nothing yet. */
export const look = (changed: Partial<Observation> = {}): Observation => ({
  wanted: true,
  hold: null,
  engineUp: true,
  container: container(),
  imagePresent: true,
  adopted: false,
  login: null,
  session: null,
  accountFault: null,
  ...changed,
})

export const state = (changed: Partial<GatewayState> = {}): GatewayState => ({
  ...initialState(noon),
  containerId: 'c1',
  ...changed,
})

/** Says nothing. */
export const silent: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silent,
}

export const follower = (changed: Partial<Follower> = {}): Follower => ({
  id: 'f1',
  enabled: true,
  state: 'ACTIVE',
  tradingMode: 'paper',
  createdAt: '2026-01-05T17:00:00.000Z',
  updatedAt: '2026-01-05T17:00:00.000Z',
  revision: 1,
  ...changed,
})
