// The one alert about a second factor: it begins as a warning, and escalates from request to request until somebody approves or the gateway is locked. Pure.
import type { AlertDraft } from '../../ports/alerts.ts'
import { missedPushes } from '../lifecycle/lifecycle.ts'
import { type GatewayState, gatewayStatus } from '../lifecycle/state.ts'
import { twofaGraceMs } from '../login-log/deadlines.ts'
import type { Draft, Judged } from './judged.ts'

/** It keeps its key from the first request to the lock, so that nobody is told of two things. */
export const twofaKey = 'AWAITING_2FA'

/** When half of the time for the request under way is over; undefined when there is no such time. */
export function twofaChangesAt({ phase, since, deadline }: GatewayState): number | undefined {
  return phase === 'awaiting-2fa' && deadline !== null ? since + (endOf(deadline) - since) / 2 : undefined
}

/** When the request under way can no longer be approved: the phase waits a little longer than it lives. undefined when none is open. */
export function pushEndOf({ phase, cause, deadline }: GatewayState): number | undefined {
  const isOpen = phase === 'awaiting-2fa' && cause?.code !== 'TWOFA_TIMEOUT'
  return isOpen && deadline !== null ? endOf(deadline) : undefined
}

const endOf = (deadline: number) => deadline - twofaGraceMs

/**
 * The alert that should be open at `now` (ms since the epoch): a request waits for approval, one has expired and the next is to come, or the gateway
 * is locked for it. undefined when there is nothing to approve.
 */
export function twofaAlert(judged: Judged, now: number, draft: Draft): AlertDraft | undefined {
  const { state, seen, twofaMaxPushes } = judged
  const missed = missedPushes(state, seen)
  const has = (code: string) => state.cause?.code === code
  if (state.phase === 'locked' && has('TWOFA_TIMEOUT')) return lockedOut(judged, draft)
  if (state.phase === 'awaiting-2fa' && !has('TWOFA_TIMEOUT'))
    return asking(state, now, missed, twofaMaxPushes, draft)
  // The request is closed; whether by an approval, the next lines of the log will tell.
  const told = judged.told(twofaKey)
  if (state.phase === 'logging-in' && told?.code === 'AWAITING_2FA' && seen.wanted) return told
  const isDown =
    gatewayStatus(state.phase) !== 'RUNNING' && state.phase !== 'locked' && state.phase !== 'stopping'
  if (missed === 0 || !isDown || state.phase === 'stopped' || !seen.wanted) return undefined
  if (state.trouble && state.trouble.code !== 'TWOFA_TIMEOUT') return undefined
  return draft('ERROR', 'TWOFA_TIMEOUT', 'Nobody approved the login in time', {
    key: twofaKey,
    message: `Request ${missed} of ${twofaMaxPushes} has expired. The next one is sent by itself; after ${twofaMaxPushes} the gateway is locked.`,
    action: nextRequest,
    count: missed,
  })
}

/** What to do while the next request comes without anybody's doing. */
export const nextRequest = 'Take the phone and approve the next request in IBKR Mobile; it is sent by itself.'

function asking(state: GatewayState, now: number, missed: number, most: number, draft: Draft): AlertDraft {
  const isLast = missed + 1 >= most
  const end = state.deadline === null ? undefined : `${clockOf(endOf(state.deadline))} UTC`
  const half = twofaChangesAt(state)
  const isLate = half !== undefined && now >= half
  const count = Math.min(missed + 1, most)
  const request = `request ${count} of ${most}${end ? `, open until ${end}` : ''}`
  const threat = isLast && most > 1 ? ' It is the last: without an approval the gateway is locked.' : ''
  const title = isLate ? 'Half of the time to approve the login is over' : 'Approve the login on IBKR Mobile'
  return draft(isLate || missed > 0 ? 'ERROR' : 'WARNING', 'AWAITING_2FA', title, {
    key: twofaKey,
    message: `The login waits for approval of its second factor: ${request}.${threat}`,
    action: `Approve it in IBKR Mobile${end ? ` before ${end}` : ''}.`,
    count,
  })
}

function lockedOut({ state, twofaMaxPushes }: Judged, draft: Draft): AlertDraft {
  const detail = state.cause?.detail === undefined ? '' : ` (${state.cause.detail})`
  return draft('CRITICAL', 'TWOFA_TIMEOUT', 'Gateway needs a person', {
    key: twofaKey,
    message: `Nobody approved the second factor${detail}. The gateway is locked: no further request is sent.`,
    action: 'Take the phone with IBKR Mobile, then: npx ibgm launch {id}',
    count: Math.max(1, Math.min(state.missedPushes, twofaMaxPushes)),
  })
}

const clockOf = (at: number) => new Date(at).toISOString().slice(11, 19)
