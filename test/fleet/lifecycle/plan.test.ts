// The plan as a table: what is done in each phase, and when to look again.
import t from 'tap'
import { gatewayPhases } from '../../../schemas/gateway.ts'
import { lookAgainAt, plan, type Step } from '../../../src/fleet/lifecycle/plan.ts'
import type { GatewayState, Observation } from '../../../src/fleet/lifecycle/state.ts'
import { connectTried } from '../../../src/fleet/lifecycle/transitions.ts'
import { container, login, look, noon, session, state } from '../looks.ts'

type Row = [name: string, from: Partial<GatewayState>, seen: Partial<Observation>, steps: string]
const brief = (step: Step) =>
  step.kind === 'stop'
    ? `${step.tidy ? 'stop' : 'kill'} ${step.containerId}`
    : 'containerId' in step
      ? `${step.kind} ${step.containerId}`
      : step.kind
const recreate = { code: 'SESSION_LOST' } as const
const exited = container({ state: 'exited' })
const failed = session('failed')

// biome-ignore format: a table is read by its rows
const rows: Row[] = [
  ['stopped', { phase: 'stopped' }, { container: null }, ''],
  ['stopped with a session left', { phase: 'stopped' }, { container: null, session: session('reconnecting') }, 'disconnect'],
  ['stopped with a session at rest', { phase: 'stopped' }, { container: null, session: session('idle') }, ''],
  ['stopping before any login', { phase: 'stopping' }, {}, 'kill c1, remove c1'],
  ['stopping after a login', { phase: 'stopping', wasReady: true }, { session: session('ready') }, 'disconnect, stop c1, remove c1'],
  ['stopping, logged in by the log', { phase: 'stopping' }, { login: login('connecting') }, 'stop c1, remove c1'],
  ['stopping, adopted', { phase: 'stopping' }, { adopted: true }, 'stop c1, remove c1'],
  ['stopping, paused', { phase: 'stopping', wasReady: true }, { container: container({ state: 'paused' }) }, 'stop c1, remove c1'],
  ['stopping, exited', { phase: 'stopping', wasReady: true }, { container: exited }, 'remove c1'],
  ['stopping, created', { phase: 'stopping' }, { container: container({ state: 'created' }) }, 'remove c1'],
  ['stopping, gone', { phase: 'stopping' }, { container: null }, ''],
  ['locked', { phase: 'locked' }, {}, 'kill c1, remove c1'],
  ['locked, gone', { phase: 'locked' }, { container: null }, ''],
  ['backing off', { phase: 'backing-off' }, { container: exited, session: failed }, 'disconnect, remove c1'],
  ['backing off, gone', { phase: 'backing-off' }, { container: null, session: session('connecting') }, 'disconnect'],
  ['pulling', { phase: 'pulling' }, { container: null }, 'pull'],
  ['creating', { phase: 'creating' }, { container: null }, 'launch'],
  ['another container asked for', { phase: 'restarting', recreate, wasReady: true }, {}, 'stop c1, remove c1'],
  ['restarting by itself', { phase: 'restarting' }, { login: login('restarting'), session: session('reconnecting') }, 'disconnect'],
  ['soft restart to come', { phase: 'restarting' }, { login: login('connecting'), session: failed }, ''],
  ['connecting', { phase: 'connecting' }, {}, 'connect'],
  ['connecting, not yet due', { phase: 'connecting', connectAt: noon + 1 }, {}, ''],
  ['connecting, under way', { phase: 'connecting' }, { session: session('connecting') }, ''],
  ['connecting, the session tries by itself', { phase: 'connecting' }, { session: session('reconnecting') }, ''],
  ['connecting, failed before', { phase: 'connecting' }, { session: session('idle') }, 'connect'],
  ['reconnecting', { phase: 'reconnecting' }, { session: session('reconnecting') }, ''],
  ['reconnecting, given up on the first rung', { phase: 'reconnecting' }, { session: failed }, ''],
  ['reconnecting, on the second rung', { phase: 'reconnecting', rung: 'soft-restart' }, { session: session('reconnecting') }, ''],
  ['reconnecting, given up, gone', { phase: 'reconnecting', rung: 'soft-restart' }, { container: null, session: failed }, ''],
  ['reconnecting, given up', { phase: 'reconnecting', rung: 'soft-restart' }, { session: failed }, 'softRestart c1'],
  ['booting', { phase: 'booting' }, {}, ''],
  ['logging in with an old session', { phase: 'logging-in' }, { session: session('reconnecting') }, 'disconnect'],
  ['awaiting 2FA', { phase: 'awaiting-2fa' }, {}, ''],
  ['ready', { phase: 'ready' }, { session: session('ready') }, ''],
  ['degraded', { phase: 'degraded' }, { session: session('ready') }, ''],
  ['upstream lost', { phase: 'upstream-lost' }, { session: session('ready') }, ''],
]

for (const [name, from, seen, steps] of rows)
  t.test(name, async (t) => {
    t.equal(plan(state(from), look(seen), noon).map(brief).join(', '), steps)
  })

t.test('without the engine nothing is done but to connect', async (t) => {
  for (const phase of gatewayPhases)
    for (const seen of [look({ engineUp: false }), look({ engineUp: false, container: null })])
      t.strictSame(
        plan(state({ phase, recreate, rung: 'soft-restart' }), seen, noon).map(brief),
        phase === 'connecting' || phase === 'reconnecting' ? ['connect'] : [],
        phase,
      )
})

t.test('when to look again', async (t) => {
  const again = (from: Partial<GatewayState>, seen: Partial<Observation> = {}) => {
    const time = lookAgainAt(state(from), look(seen), 120_000)
    return time === undefined ? undefined : time - noon
  }
  t.equal(again({ phase: 'ready' }), undefined)
  t.equal(again({ phase: 'backing-off', retryAt: noon + 5 }), 5)
  t.equal(again({ phase: 'awaiting-2fa', deadline: noon + 7 }), 7)
  t.equal(again({ phase: 'restarting', softRestart: { jvmStarts: 1, dueBy: noon + 9 } }), 9)
  t.equal(again({ phase: 'booting', startupSeenAt: noon + 10, startupMs: 20 }), 119_990)
  t.equal(again({ phase: 'booting', startupSeenAt: noon, startupMs: 120_000 }), undefined, 'judged already')
  t.equal(again({ phase: 'connecting', connectAt: noon + 250 }), 250)
  t.equal(
    again({ phase: 'connecting', connectAt: noon + 250 }, { session: session('connecting') }),
    undefined,
  )
  t.equal(
    again({ phase: 'booting', startupSeenAt: noon }, { login: login('booting', { nextCheckAt: noon + 3 }) }),
    3,
  )
  const away = { engineUp: false, login: login('booting', { nextCheckAt: noon - 3 }) }
  t.equal(again({ phase: 'booting', deadline: noon - 1 }, away), undefined, 'not while nothing can be seen')
  t.equal(again({ phase: 'connecting', connectAt: noon + 250 }, away), 250)
  t.equal(again({ phase: 'reconnecting', connectAt: noon + 250 }, { ...away, session: failed }), 250)
  t.equal(again({ phase: 'reconnecting', connectAt: noon + 250 }, { session: failed }), undefined)
})

t.test('connection attempts come slower and slower', async (t) => {
  let s = state()
  const waits = [1, 2, 3, 4, 5, 6].map(() => {
    s = connectTried(s, noon)
    return s.connectAt - noon
  })
  t.strictSame(waits, [250, 500, 1000, 2000, 2000, 2000])
})
