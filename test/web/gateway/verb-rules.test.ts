import t from 'tap'
import type { Gateway, GatewayPhase, GatewayStatus } from '../../../schemas/gateway.ts'
import { fittingVerb, launchStages, type Verb, whyNot } from '../../../web/src/gateway/verb-rules.ts'
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
  const locked = (code: 'CREDENTIALS_REJECTED' | 'TWOFA_TIMEOUT') =>
    ({ phase: 'locked', reason: { code, message: '' } }) as const
  t.equal(fittingVerb(locked('TWOFA_TIMEOUT')), 'launch')
  t.equal(fittingVerb(locked('CREDENTIALS_REJECTED')), undefined)
  t.equal(fittingVerb({ phase: 'backing-off' }), 'launch')
  t.equal(fittingVerb({ phase: 'upstream-lost' }), undefined)
  t.equal(fittingVerb({ phase: 'booting' }), 'stop')
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
