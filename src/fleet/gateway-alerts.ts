// Which alerts a gateway's state calls for. Pure and level-triggered: the alert book makes it so.
import type { AlertLevel } from '../../schemas/system.ts'
import type { AlertDraft } from '../ports/alerts.ts'
import { isMaintenance } from './maintenance.ts'
import { type Cause, describeReason } from './reasons.ts'
import type { GatewayState, Observation } from './state.ts'

const upstreamGraceMs = 900_000

export const alertPrefix = (followerId: string) => `gateway:${followerId}:`

/** The alerts that should be open for this gateway at `now`, most of the time none. */
export function gatewayAlerts(
  followerId: string,
  state: GatewayState,
  seen: Observation,
  now: number,
): AlertDraft[] {
  const alerts: AlertDraft[] = []
  const raise = (level: AlertLevel, title: string, cause: Cause) => {
    const { code, message, action } = describeReason(cause)
    alerts.push({
      key: `${alertPrefix(followerId)}${code}`,
      level,
      code,
      followerId,
      title: `${title}: ${followerId}`,
      message,
      ...(action && { action }),
    })
  }
  const cause = state.cause
  if (state.phase === 'locked' && cause) raise('CRITICAL', 'Gateway needs a person', cause)
  if (state.phase === 'awaiting-2fa')
    raise(pastHalf(state, now) ? 'ERROR' : 'WARNING', 'Approve the login on IBKR Mobile', {
      code: 'AWAITING_2FA',
    })
  // Between two tries it is no better than during the wait: the alert stands until it is RUNNING, stopped, locked or down for another reason.
  const trouble =
    state.phase === 'locked' || state.phase === 'stopped' || state.phase === 'stopping' ? null : state.trouble
  if (trouble) raise(state.failures >= 3 ? 'ERROR' : 'WARNING', 'Gateway is down', trouble)
  if (state.phase === 'reconnecting' && cause && now - state.since >= 60_000)
    raise('ERROR', 'Gateway does not answer', cause)
  if (state.phase === 'upstream-lost' && cause && now - state.since >= upstreamGraceMs && !isMaintenance(now))
    raise('ERROR', 'IB is lost behind a live gateway', cause)
  const wide = seen.container?.publishedOn.filter((address) => address !== '127.0.0.1') ?? []
  if (wide.length > 0) {
    const key = `${alertPrefix(followerId)}PUBLISHED_WIDE`
    const message = `The API port of ${followerId} is open on ${wide.join(', ')}, without authentication.`
    alerts.push({
      key,
      level: 'CRITICAL',
      code: 'PUBLISHED_WIDE',
      followerId,
      title: `Gateway port is open: ${followerId}`,
      message,
      action: 'POST /gateways/{id}/restart with {"mode":"container"}.',
    })
  }
  return alerts
}

/** When the answer may change although nothing happens (ms since the epoch). */
export function alertsChangeAt(state: GatewayState, now: number): number | undefined {
  if (state.phase === 'awaiting-2fa' && state.deadline !== null && !pastHalf(state, now))
    return state.since + (state.deadline - state.since) / 2
  if (state.phase === 'reconnecting' && now < state.since + 60_000) return state.since + 60_000
  if (state.phase === 'upstream-lost')
    return now < state.since + upstreamGraceMs ? state.since + upstreamGraceMs : now + 60_000
  return undefined
}

const pastHalf = (state: GatewayState, now: number) =>
  state.deadline !== null && now >= state.since + (state.deadline - state.since) / 2
