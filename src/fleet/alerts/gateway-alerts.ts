// Which alerts a gateway's state calls for. Pure and level-triggered: the alert book makes it so.
import type { ReasonCode } from '../../../schemas/reason.ts'
import type { AlertDraft } from '../../ports/alerts.ts'
import { type Cause, describeReason } from '../lifecycle/reasons.ts'
import { gatewayStatus } from '../lifecycle/state.ts'
import { botAlerts } from './bot-alerts.ts'
import { type Draft, draftsOf, type Judged } from './judged.ts'
import { type Telling, whenToTell } from './maintenance.ts'
import { twofaAlert, twofaChangesAt, twofaKey } from './twofa-alert.ts'

const upstreamPatienceMs = 900_000
const sessionPatienceMs = 60_000
const credentialsPatienceMs = 3_000
const driftPatienceMs = 86_400_000

/** The alerts that should be open for this gateway at `now`, most of the time none. */
export function gatewayAlerts(judged: Judged, now: number): AlertDraft[] {
  const draft = draftsOf(judged.follower)
  const twofa = twofaAlert(judged, now, draft)
  const found = [
    twofa,
    ...(twofa?.code === 'TWOFA_TIMEOUT' ? [] : [lockAlert(judged, draft), troubleAlert(judged, now, draft)]),
    outageAlert(judged, now, draft),
    wideAlert(judged, draft),
    driftAlert(judged, now, draft),
    ...botAlerts(judged, draft),
  ]
  return found.filter((alert) => alert !== undefined)
}

/** When the answer may change although nothing happens (ms since the epoch). */
export function alertsChangeAt(judged: Judged, now: number): number | undefined {
  const times = [
    twofaChangesAt(judged.state),
    outageOf(judged)?.telling.at,
    troubleTelling(judged)?.at,
    judged.driftSince === null ? undefined : judged.driftSince + driftPatienceMs,
  ].filter((at) => at !== undefined && at > now) as number[]
  return times.length === 0 ? undefined : Math.min(...times)
}

function lockAlert({ state, follower }: Judged, draft: Draft): AlertDraft | undefined {
  if (state.phase !== 'locked' || !state.cause) return undefined
  const { code, message, action = '' } = describeReason(state.cause, follower.id)
  // Where launching is not the remedy, or not the first, the action says what is.
  const command = action.includes('npx ibgm') ? '' : '(npx ibgm launch {id})'
  return draft('CRITICAL', code, 'Gateway needs a person', {
    message,
    action: `${action} ${command}`.trim(),
  })
}

/** IBKR's resets end sessions and refuse logins like this. */
const isOfMaintenance: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  'SERVER_UNAVAILABLE',
  'LOGIN_STALLED',
  'SESSION_LOST',
  'HEARTBEAT_LOST',
  'UPSTREAM_LOST',
])

/** Between two tries it is no better than during the wait: it stands until it is RUNNING, stopped, locked or down for another reason. */
function troubleOf({ state }: Judged): Cause | null {
  const isOver = state.phase === 'locked' || state.phase === 'stopped' || state.phase === 'stopping'
  return isOver ? null : state.trouble
}

function troubleTelling(judged: Judged): Telling | undefined {
  const trouble = troubleOf(judged)
  const { state, region } = judged
  if (!trouble || state.troubleSince === null) return undefined
  if (isOfMaintenance.has(trouble.code)) return whenToTell(state.troubleSince, 0, region)
  // A new follower's credentials are put right after its record.
  return trouble.code === 'CREDENTIALS_MISSING'
    ? { at: state.troubleSince + credentialsPatienceMs }
    : undefined
}

function troubleAlert(judged: Judged, now: number, draft: Draft): AlertDraft | undefined {
  const trouble = troubleOf(judged)
  if (!trouble) return undefined
  const telling = troubleTelling(judged)
  if (telling && now < telling.at && !judged.told(trouble.code)) return undefined
  const level = judged.state.failures >= 3 ? 'ERROR' : 'WARNING'
  const words = outlasting(judged.follower.id, trouble, telling, now, judged.state.troubleSince)
  return draft(level, trouble.code, 'Gateway is down', words)
}

interface Outage {
  readonly cause: Cause
  readonly since: number
  readonly title: string
  readonly patienceMs: number
  readonly telling: Telling
}

/** A session or an upstream that is lost while the container runs. */
function outageOf({ state, region }: Judged): Outage | undefined {
  const { phase, cause, since } = state
  if (!cause || !isOfMaintenance.has(cause.code)) return undefined
  const [patienceMs, title] =
    phase === 'reconnecting'
      ? [sessionPatienceMs, 'Gateway does not answer']
      : phase === 'upstream-lost'
        ? [upstreamPatienceMs, 'IBKR is lost behind a live gateway']
        : []
  if (patienceMs === undefined || title === undefined) return undefined
  const telling = whenToTell(since, patienceMs, region)
  return { cause: { code: cause.code }, since, title, patienceMs, telling }
}

/** What to press is nothing, and that is worth knowing at night. */
const recoversAlone =
  'Nothing yet: it is recovered by itself, first by a new session, then by a restart, then by a new container. If this is told again: npx ibgm status {id}'

const outageCodes = ['SESSION_LOST', 'HEARTBEAT_LOST', 'UPSTREAM_LOST'] as const

function outageAlert(judged: Judged, now: number, draft: Draft): AlertDraft | undefined {
  const { state, seen, follower } = judged
  const told = outageCodes.map((code) => judged.told(code)).find((alert) => alert !== undefined)
  const outage = outageOf(judged)
  // As it was told: another manager would have it begin with itself.
  if (outage && told?.code === outage.cause.code) return told
  if (outage && now >= outage.telling.at) {
    const words = outlasting(follower.id, outage.cause, outage.telling, now, outage.since)
    const unexpected = outage.telling.outlasted ? '' : ` ${unexplained(outage)}`
    const action = outage.cause.code === 'UPSTREAM_LOST' ? checkUpstream : words.action
    return draft('ERROR', outage.cause.code, outage.title, {
      message: `${words.message}${unexpected}`,
      action,
    })
  }
  // On the ladder to its next try, or under a manager that has just started, it is as lost as before.
  const isDown = gatewayStatus(state.phase) !== 'RUNNING' && state.phase !== 'locked' && !state.trouble
  const hasOther = judged.told(twofaKey) || state.phase === 'awaiting-2fa'
  return told && isDown && !hasOther && seen.wanted ? told : undefined
}

const checkUpstream =
  'Check the network of the host and the IBKR system status; a restart would only cost a login.'

const unexplained = ({ since, patienceMs }: Outage) =>
  `It began at ${new Date(since).toISOString().slice(11, 16)} UTC and has lasted for more than ${patienceMs / 60_000} min; no maintenance window of IBKR covers it.`

/** The cause's words; after maintenance that it has outlasted, those of both. */
function outlasting(
  followerId: string,
  cause: Cause,
  { outlasted, at }: Telling | { outlasted?: undefined; at: number } = { at: 0 },
  now: number,
  since: number | null,
): { message: string; action: string } {
  const { message, action } = describeReason(cause, followerId)
  const began = since === null ? '' : `It began at ${new Date(since).toISOString().slice(11, 16)} UTC. `
  const both =
    outlasted && now >= at
      ? `${message} This outage has lasted longer than its maintenance window: ${began}${outlasted.name} is over.`
      : message
  return { message: both, action: action ?? recoversAlone }
}

function wideAlert({ seen, follower }: Judged, draft: Draft): AlertDraft | undefined {
  const wide = seen.container?.publishedOn.filter((address) => address !== '127.0.0.1') ?? []
  if (wide.length === 0) return undefined
  return draft('CRITICAL', 'PUBLISHED_WIDE', 'Gateway port is open', {
    message: `The API port of ${follower.id} is open on ${wide.join(', ')}, without authentication.`,
    action: 'Make a container whose port is on 127.0.0.1 only: npx ibgm restart {id} --mode container',
  })
}

function driftAlert({ driftSince, told }: Judged, now: number, draft: Draft): AlertDraft | undefined {
  if (driftSince === null) return undefined
  const isDue = now >= driftSince + driftPatienceMs || told('SPEC_DRIFT') !== undefined
  if (!isDue) return undefined
  return draft('WARNING', 'SPEC_DRIFT', 'Gateway runs with older settings than its record asks for', {
    message:
      'For more than a day its container has not been the one that its record and the settings of the manager ask for. The next new container has them.',
    action:
      'When it suits, outside market hours: npx ibgm restart {id} --mode container (a full login, with 2FA if it has one).',
  })
}
