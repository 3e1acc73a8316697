// What each gateway goes through, told as figures: launches and how they end, restarts by cause, logins, second factors. Decides nothing.
import type { GatewayPhase } from '../../../schemas/gateway.ts'
import type { ReasonCode } from '../../../schemas/reason.ts'
import type { Clock } from '../../ports/clock.ts'
import type { FleetMeasures, LaunchOutcome } from '../../ports/measures.ts'
import { type GatewayState, gatewayStatus } from '../lifecycle/state.ts'
import type { LoginProgress } from '../login-log/progress.ts'

interface Course {
  phase: GatewayPhase
  /** On the clock that never jumps; absent while nothing is being launched. */
  launchedAtMs?: number | undefined
  /** Why it last went down, until it is up again. */
  trouble?: ReasonCode | undefined
  /** How long the second factor took that was just answered; it counts once the login is through. */
  twofaAnsweredMs?: number | undefined
}

const beginnings: ReadonlySet<GatewayPhase> = new Set(['pulling', 'creating'])

export class GatewayCourse {
  readonly #measures: FleetMeasures
  readonly #clock: Clock
  readonly #courses = new Map<string, Course>()

  constructor(deps: { measures: FleetMeasures; clock: Clock }) {
    this.#measures = deps.measures
    this.#clock = deps.clock
  }

  /** Its state is this now; the same phase again is no news. */
  moved(followerId: string, { phase, cause }: GatewayState): void {
    const course = this.#courseOf(followerId)
    if (course.phase === phase) return
    course.phase = phase
    this.#measures.phaseEntered(phase, cause?.code)
    const status = gatewayStatus(phase)
    if (beginnings.has(phase)) course.launchedAtMs ??= this.#clock.monotonicMs()
    else if (status === 'RUNNING') this.#launchOver(course, 'ready')
    else if (status === 'FAILED') this.#launchOver(course, 'failed')
    else if (phase === 'restarting' || phase === 'stopping' || phase === 'stopped')
      this.#launchOver(course, 'cancelled')
    if (status === 'RUNNING') course.trouble = undefined
    else if (phase === 'restarting' || status === 'FAILED') course.trouble = cause?.code
  }

  /** A container has come after another, or has restarted inside. */
  restarted(followerId: string): void {
    this.#measures.restarted(this.#courseOf(followerId).trouble)
  }

  /** A line of its log, written at `at` (epoch milliseconds), has moved its login. */
  loginMoved(followerId: string, before: LoginProgress, after: LoginProgress, at: number): void {
    const course = this.#courseOf(followerId)
    const measures = this.#measures
    if (after.loginAttempts > before.loginAttempts) measures.loginBegun()
    if (after.twofaPushes > before.twofaPushes) measures.twofaPushed()
    if (before.twofaOpenedAt !== undefined && after.stage === 'twofa-answered')
      course.twofaAnsweredMs = Math.max(0, at - before.twofaOpenedAt)
    if (after.completedLogins > before.completedLogins) {
      measures.loginOver('completed')
      if (course.twofaAnsweredMs !== undefined) measures.twofaApproved(course.twofaAnsweredMs)
      course.twofaAnsweredMs = undefined
    }
    if (after.twofaTimeouts > before.twofaTimeouts) {
      measures.loginOver('twofa-timeout')
      course.twofaAnsweredMs = undefined
    }
    if (after.rejectedLogins > before.rejectedLogins) measures.loginOver('rejected')
    if (after.loginErrors > before.loginErrors) measures.loginOver('error')
    if (after.lockouts > before.lockouts) measures.loginOver('locked-out')
  }

  forget(followerId: string): void {
    this.#courses.delete(followerId)
  }

  #launchOver(course: Course, outcome: LaunchOutcome): void {
    if (course.launchedAtMs === undefined) return
    this.#measures.launchOver(outcome, this.#clock.monotonicMs() - course.launchedAtMs)
    course.launchedAtMs = undefined
  }

  #courseOf(followerId: string): Course {
    const known = this.#courses.get(followerId)
    if (known) return known
    const course: Course = { phase: 'stopped' }
    this.#courses.set(followerId, course)
    return course
  }
}
