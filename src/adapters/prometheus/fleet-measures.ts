// Counts what the core tells: courses of gateways, questions to IB, its limits. Labels come from fixed lists alone.
import { Counter, Histogram, type Registry } from 'prom-client'
import { gatewayPhases } from '../../../schemas/gateway.ts'
import { type FleetMeasures, ibErrorClasses, launchOutcomes, loginOutcomes } from '../../ports/measures.ts'

/** Seconds: a login without 2FA, one with, and what MAX_STARTUP_TIME and slow images can make of it. */
const readyBuckets = [5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 450, 600]
const approvalBuckets = [5, 10, 20, 30, 45, 60, 90, 120, 180, 300]
const roundTripBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const requestBuckets = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60]
const pacingBuckets = [0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600]

export function fleetMeasures(registry: Registry): FleetMeasures {
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Counter<L>({ name, help, labelNames, registers: [registry] })
  const histogram = <L extends string>(name: string, help: string, buckets: number[], ...labelNames: L[]) =>
    new Histogram<L>({ name, help, buckets, labelNames, registers: [registry] })

  const phases = counter('ibgm_phase_changes_total', 'Times that a gateway entered this phase.', 'phase')
  const failures = counter(
    'ibgm_gateway_failures_total',
    'Times that a gateway became FAILED, by reason code.',
    'reason',
  )
  const launches = counter('ibgm_launches_total', 'Launches by outcome.', 'outcome')
  const ready = histogram(
    'ibgm_gateway_ready_seconds',
    'From the first step of a launch to RUNNING.',
    readyBuckets,
  )
  const restarts = counter(
    'ibgm_restarts_total',
    'Containers after the first, and soft restarts, by reason code.',
    'cause',
  )
  const reconnects = counter(
    'ibgm_reconnects_total',
    'Sessions with gateways that took the place of a lost one.',
  )
  const connectionFailures = counter(
    'ibgm_connection_failures_total',
    'Attempts to open an API session that failed, by error code; a gateway that starts refuses some.',
    'code',
  )
  const heartbeats = histogram(
    'ibgm_heartbeat_rtt_seconds',
    'Round trips of answered heartbeats, of all sessions.',
    roundTripBuckets,
  )
  const requests = counter(
    'ibgm_ib_requests_total',
    'Requests to IB by kind and outcome, heartbeats aside.',
    'kind',
    'outcome',
  )
  const requestTimes = histogram(
    'ibgm_ib_request_seconds',
    'From sending a request to its answer, by kind.',
    requestBuckets,
    'kind',
  )
  const streams = counter('ibgm_ib_streams_total', 'Streams asked of IB, by kind.', 'kind')
  const errors = counter('ibgm_ib_errors_total', 'Errors that IB reported, by class.', 'class')
  const pacingWaits = histogram(
    'ibgm_pacing_wait_seconds',
    "Waits of requests for IB's limits; those that need not wait do not count.",
    pacingBuckets,
  )
  const violations = counter('ibgm_pacing_violations_total', 'Times that IB said it was asked too much.')
  const loginsBegun = counter('ibgm_logins_begun_total', 'Logins that gateways began.')
  const logins = counter('ibgm_login_attempts_total', 'Logins by outcome.', 'outcome')
  const pushes = counter('ibgm_twofa_pushes_total', 'Second factors that IB asked for on a phone.')
  const approvals = histogram(
    'ibgm_twofa_approval_seconds',
    'From the request for a second factor to its approval.',
    approvalBuckets,
  )
  for (const phase of gatewayPhases) phases.inc({ phase }, 0)
  for (const outcome of launchOutcomes) launches.inc({ outcome }, 0)
  for (const outcome of loginOutcomes) logins.inc({ outcome }, 0)
  for (const errorClass of ibErrorClasses) errors.inc({ class: errorClass }, 0)

  return {
    phaseEntered(phase, reason) {
      phases.inc({ phase })
      if (phase === 'backing-off' || phase === 'locked') failures.inc({ reason: reason ?? 'UNKNOWN' })
    },
    launchOver(outcome, ms) {
      launches.inc({ outcome })
      if (outcome === 'ready') ready.observe(ms / 1000)
    },
    restarted: (cause) => restarts.inc({ cause: cause ?? 'UNKNOWN' }),
    loginBegun: () => loginsBegun.inc(),
    loginOver: (outcome) => logins.inc({ outcome }),
    twofaPushed: () => pushes.inc(),
    twofaApproved: (waitedMs) => approvals.observe(waitedMs / 1000),
    heartbeatAnswered: (roundTripMs) => heartbeats.observe(roundTripMs / 1000),
    requestOver(kind, outcome, ms) {
      requests.inc({ kind, outcome })
      if (outcome === 'answered' || outcome === 'rejected') requestTimes.observe({ kind }, ms / 1000)
    },
    streamBegun: (kind) => streams.inc({ kind }),
    errorReported: (errorClass) => errors.inc({ class: errorClass }),
    reconnected: () => reconnects.inc(),
    connectionFailed: (code) => connectionFailures.inc({ code }),
    pacingWaited: (ms) => pacingWaits.observe(ms / 1000),
    pacingViolated: () => violations.inc(),
  }
}
