import t from 'tap'
import type { Gateway, GatewayPhase, GatewayStatus } from '../../../schemas/gateway.ts'
import type { ReasonCode } from '../../../schemas/reason.ts'
import {
  fittingVerb,
  launchStages,
  remedyOf,
  type Verb,
  whyNot,
} from '../../../web/src/gateway/verb-rules.ts'
import { aGateway } from '../gateways.ts'

const gateway = (
  status: GatewayStatus,
  phase: GatewayPhase,
  desired: Gateway['desired'] = 'running',
): Gateway => aGateway('alpha', { status, phase, desired })

const verbs: readonly Verb[] = ['launch', 'stop', 'restart', 'restart-container', 'reconnect']

t.test('which verbs a state takes', async (t) => {
  for (const [state, allowed] of [
    [gateway('RUNNING', 'ready'), ['stop', 'restart', 'restart-container', 'reconnect']],
    [gateway('RUNNING', 'degraded'), ['stop', 'restart', 'restart-container', 'reconnect']],
    [gateway('STARTING', 'awaiting-2fa'), ['stop', 'restart-container']],
    [gateway('FAILED', 'locked'), ['launch', 'stop']],
    [gateway('FAILED', 'backing-off'), ['launch', 'stop']],
    [gateway('STOPPED', 'stopped', 'stopped'), ['launch']],
    [gateway('STARTING', 'stopping', 'stopped'), ['launch']],
  ] as const) {
    t.strictSame(
      verbs.filter((verb) => whyNot(verb, state) === null),
      allowed,
      state.phase,
    )
  }
})

t.test('what to press next: no launch where only other credentials help', async (t) => {
  const locked = (code: ReasonCode) =>
    aGateway('alpha', { phase: 'locked', status: 'FAILED', reason: { code, message: '' } })
  t.equal(fittingVerb(locked('TWOFA_TIMEOUT')), 'launch')
  t.equal(fittingVerb(locked('CREDENTIALS_REJECTED')), undefined)
  t.equal(fittingVerb(locked('WRONG_ACCOUNT')), undefined)
  t.equal(fittingVerb(aGateway('alpha', { phase: 'backing-off' })), 'launch')
  t.equal(fittingVerb(aGateway('alpha', { phase: 'upstream-lost' })), undefined)
  t.equal(fittingVerb(aGateway('alpha', { phase: 'booting' })), 'stop')
  t.match(whyNot('launch', locked('CREDENTIALS_REJECTED')), /others are stored/)
  t.equal(whyNot('launch', locked('TWOFA_TIMEOUT')), null)
})

t.test('the command that helps where a launch does not', async (t) => {
  const because = (phase: GatewayPhase, code: ReasonCode) =>
    remedyOf(aGateway('alpha', { phase, reason: { code, message: '' } }))
  t.equal(because('locked', 'CREDENTIALS_REJECTED'), 'npx ibgm followers credentials alpha')
  t.equal(because('backing-off', 'CREDENTIALS_MISSING'), 'npx ibgm followers credentials alpha')
  t.equal(because('locked', 'WRONG_ACCOUNT'), 'npx ibgm followers show alpha')
  t.equal(because('locked', 'TWOFA_TIMEOUT'), undefined)
  t.equal(because('creating', 'CREDENTIALS_MISSING'), undefined)
})

t.test('how far a launch has come', async (t) => {
  t.equal(launchStages({ phase: 'ready' }), null)
  t.strictSame(launchStages({ phase: 'booting' }), [
    { words: 'Container', state: 'done' },
    { words: 'Boot', state: 'now' },
    { words: 'Login', state: 'ahead' },
    { words: 'API', state: 'ahead' },
  ])
  t.match(launchStages({ phase: 'awaiting-2fa' })?.[3], { words: '2FA', state: 'now' })
})
