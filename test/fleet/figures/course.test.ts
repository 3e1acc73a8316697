// What a gateway goes through as figures: a launch from its first step to its end, restarts by cause, logins by their log.
import t from 'tap'
import type { GatewayPhase } from '../../../schemas/gateway.ts'
import type { ReasonCode } from '../../../schemas/reason.ts'
import { GatewayCourse } from '../../../src/fleet/figures/course.ts'
import { initialState } from '../../../src/fleet/lifecycle/state.ts'
import { advanceLogin } from '../../../src/fleet/login-log/login-stage.ts'
import { newLogin } from '../../../src/fleet/login-log/progress.ts'
import { FakeClock } from '../../fake-clock.ts'
import { recordedMeasures } from '../../recorded-measures.ts'

function watched() {
  const clock = new FakeClock()
  const { measures, of } = recordedMeasures()
  const course = new GatewayCourse({ measures, clock })
  return {
    course,
    of,
    /** One phase after the other, each for a second. */
    async go(...phases: Array<GatewayPhase | [GatewayPhase, ReasonCode]>) {
      for (const step of phases) {
        const [phase, code] = Array.isArray(step) ? step : [step]
        course.moved('a', { ...initialState(clock.now()), phase, cause: code ? { code } : null })
        await clock.advance(1000)
      }
    },
  }
}

t.test('a launch is timed from its first step to RUNNING', async (t) => {
  const { go, of } = watched()
  await go('pulling', 'creating', 'booting', 'logging-in', 'connecting', 'ready', 'degraded', 'ready')
  t.strictSame(of('launchOver'), [['ready', 5000]])
  t.strictSame(of('phaseEntered').at(-1), ['ready', undefined])
})

t.test('the same phase again is no news', async (t) => {
  const { go, of } = watched()
  await go('creating', 'creating', 'booting', 'booting')
  t.strictSame(of('phaseEntered'), [
    ['creating', undefined],
    ['booting', undefined],
  ])
})

t.test('a launch that fails, one that is stopped, and what ends without having been one', async (t) => {
  const { go, of } = watched()
  await go('creating', ['backing-off', 'VAULT_SEALED'], 'creating', 'booting', 'stopping', 'stopped')
  t.strictSame(of('launchOver'), [
    ['failed', 1000],
    ['cancelled', 2000],
  ])
  await go('ready', 'reconnecting', 'ready', ['locked', 'CREDENTIALS_REJECTED'])
  t.equal(of('launchOver').length, 2, 'an adopted gateway was not launched')
})

t.test('a restart has the cause that brought the gateway down last', async (t) => {
  const { go, of, course } = watched()
  await go('ready', ['reconnecting', 'HEARTBEAT_LOST'], ['restarting', 'HEARTBEAT_LOST'], 'creating')
  course.restarted('a')
  await go('booting', 'ready', ['backing-off', 'CONTAINER_EXITED'], 'creating')
  course.restarted('a')
  course.forget('a')
  course.restarted('a')
  t.strictSame(of('restarted'), [['HEARTBEAT_LOST'], ['CONTAINER_EXITED'], [undefined]])
})

t.test('logins and second factors, by the lines of the log', async (t) => {
  const { course, of } = watched()
  const at = Date.UTC(2026, 0, 5, 12)
  let login = newLogin(at)
  const say = (seconds: number, change: Partial<typeof login>) => {
    const next = { ...login, ...change }
    course.loginMoved('a', login, next, at + seconds * 1000)
    login = next
  }
  say(1, { loginAttempts: 1 })
  say(2, { twofaPushes: 1, stage: 'awaiting-2fa', twofaOpenedAt: at + 2000 })
  say(30, { stage: 'twofa-answered', twofaOpenedAt: undefined })
  t.strictSame(of('twofaApproved'), [], 'not before the login is through')
  say(35, { stage: 'logged-in', completedLogins: 1 })
  say(60, { loginAttempts: 2, rejectedLogins: 1 })
  say(90, { twofaPushes: 2, stage: 'awaiting-2fa', twofaOpenedAt: at + 90_000 })
  say(95, { stage: 'twofa-answered', twofaOpenedAt: undefined })
  say(96, { stage: 'twofa-timed-out', twofaTimeouts: 1 })
  say(120, { completedLogins: 2 })
  t.equal(of('loginBegun').length, 2)
  t.equal(of('twofaPushed').length, 2)
  t.strictSame(
    of('twofaApproved'),
    [[28_000]],
    'a window that closed because its time was over is no approval',
  )
  t.strictSame(of('loginOver'), [['completed'], ['rejected'], ['twofa-timeout'], ['completed']])
})

t.test('a line that tells nothing of a login is not told', async (t) => {
  const { course, of } = watched()
  const before = newLogin(0)
  course.loginMoved('a', before, advanceLogin(before, 'nothing that anybody knows', 1), 1)
  t.strictSame([of('loginBegun'), of('loginOver'), of('twofaPushed')], [[], [], []])
})
