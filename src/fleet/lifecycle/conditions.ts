// Named conditions of a gateway that a person should see although (or while) it works. Pure.
import type { Observation } from './state.ts'

/** One condition that holds now; `since` is added by the keeper. */
export interface Found {
  readonly type: string
  readonly message: string
}

/** All that holds in this observation, in a fixed order. */
export function findConditions(seen: Observation, drift: string | null): Found[] {
  const found: Found[] = []
  const add = (holds: boolean | undefined, type: string, message: string) => {
    if (holds) found.push({ type, message })
  }
  const { session, container } = seen
  const progress = seen.login?.progress
  add(
    !seen.engineUp,
    seen.storeAway ? 'StoreUnavailable' : 'EngineUnavailable',
    `The ${seen.storeAway ? 'store' : 'container engine'} does not answer; the gateway is watched and left as it is.`,
  )
  add(
    seen.networkUnsafe !== undefined,
    'NetworkUnsafe',
    `Gateways can reach one another's API: ${seen.networkUnsafe}`,
  )
  add(
    (session?.brokenFarms.length ?? 0) > 0,
    'FarmDown',
    `IB data farms down: ${session?.brokenFarms.join(', ')}. Orders are not affected.`,
  )
  add(session?.heartbeatLate, 'SlowHeartbeat', 'The last heartbeat was answered late.')
  add(
    session?.competing,
    'CompetingSession',
    'Another login of this user has the market data (10197). End it, or give the gateway a username of its own.',
  )
  add(
    progress?.readOnlyBlock,
    'ReadOnlyBlock',
    'An API client tried to trade while the API is read-only. Set readOnlyApi to false if it should.',
  )
  add(
    progress?.passwordNotice,
    'PasswordNotice',
    'IB asks for a new password soon. Change it at IBKR, then PUT the new credentials.',
  )
  add(
    progress?.configWarning !== undefined,
    'ConfigWarning',
    'The gateway refused its auto-restart time; set autoRestartTime as hh:mm AM or hh:mm PM.',
  )
  add(drift !== null, 'Drift', drift ?? '')
  const wide = container?.publishedOn.filter((address) => address !== '127.0.0.1') ?? []
  add(
    wide.length > 0,
    'PublishedWide',
    `The API port is open on ${wide.join(', ')}, without authentication. Restart the container through the manager.`,
  )
  return found
}
