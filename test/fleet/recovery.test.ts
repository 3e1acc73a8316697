// Recovery over time: the ladder, backoff, crash loops, missed 2FA pushes, the start-up clock.
import t from 'tap'
import { advance } from '../../src/fleet/lifecycle/lifecycle.ts'
import type { GatewayState, LifecycleLimits, Observation } from '../../src/fleet/lifecycle/state.ts'
import {
  fail,
  recreationAsked,
  released,
  softRestartAccepted,
} from '../../src/fleet/lifecycle/transitions.ts'
import { at, container, login, look, noon, session, state } from './looks.ts'

const minute = 60_000
const lostCause = { code: 'SESSION_LOST' } as const
const gone = look({ container: null })
const up = (id = 'c1') => look({ container: container({ id }), session: session('ready') })
const exited = (id = 'c1', more: Partial<Observation> = {}) =>
  look({ container: container({ id, state: 'exited', exitCode: 1 }), ...more })

/** Feeds looks at their times (ms after noon) and answers the last state. */
const live = (
  from: GatewayState,
  looks: ReadonlyArray<[afterMs: number, seen: Observation]>,
  changed?: Partial<LifecycleLimits>,
) => looks.reduce((now, [afterMs, seen]) => advance(now, seen, at(afterMs, changed)), from)

t.test('the ladder: session, soft restart, another container', async (t) => {
  const trying = look({ login: login('connecting'), session: session('reconnecting') })
  const givenUp = look({ login: login('connecting'), session: session('failed') })
  let s = live(state(), [
    [0, up()],
    [minute, up()],
    [minute + 1, trying],
  ])
  t.match(s, { phase: 'reconnecting', rung: 'session', recreate: null })
  s = live(s, [[minute + 2, givenUp]])
  t.match(s, { phase: 'reconnecting', rung: 'soft-restart', recreate: null })
  s = softRestartAccepted(s, lostCause, 1, noon + minute + 3)
  t.match(s, {
    phase: 'restarting',
    deadline: noon + minute + 3 + 182_000,
    cause: lostCause,
  })
  s = live(s, [[5 * minute, givenUp]])
  t.match(s, { phase: 'restarting', recreate: { code: 'SESSION_LOST' }, failures: 1 })
  t.match(live(s, [[5 * minute, gone]]), { phase: 'creating', recreate: null, failures: 1 })
})

t.test('a soft restart that came is a login of its own', async (t) => {
  const s = softRestartAccepted(live(state(), [[0, up()]]), lostCause, 1, noon)
  const booting = look({ login: login('booting', {}, { jvmStarts: 2 }) })
  const again = look({ login: login('connecting', {}, { jvmStarts: 2 }), session: session('ready') })
  t.match(live(s, [[100_000, booting]]), { phase: 'booting', wasReady: false, startupMs: 0, connectTries: 0 })
  t.match(
    live(s, [
      [100_000, booting],
      [200_000, again],
    ]),
    { phase: 'ready', softRestart: null, crashes: [] },
  )
})

t.test('backoff doubles to five minutes and a stable run forgets it', async (t) => {
  const waits: number[] = []
  let s = state()
  for (let i = 0; i < 8; i++) {
    s = fail(s, { code: 'PORT_EXHAUSTED' }, at())
    waits.push((s.retryAt ?? 0) - noon)
  }
  t.strictSame(waits, [10_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000])
  t.equal(
    live(s, [
      [0, up('c2')],
      [minute - 1, up('c2')],
    ]).failures,
    8,
  )
  t.equal(
    live(s, [
      [0, up('c2')],
      [minute, up('c2')],
    ]).failures,
    0,
  )
  t.match(s, { trouble: { code: 'PORT_EXHAUSTED' } })
  t.match(live(s, [[0, up('c2')]]), { trouble: null }, 'no trouble once it is RUNNING')
  const away = fail(state(), { code: 'ENGINE_UNAVAILABLE' }, at())
  t.match(away, { phase: 'backing-off', trouble: null }, 'the engine has an alert of its own')
  const jittered = fail(state(), { code: 'PORT_EXHAUSTED' }, { ...at(), random: 0.5 })
  t.equal(jittered.retryAt, noon + 9000)
})

t.test('failures to launch back off although an earlier container ran long', async (t) => {
  let s = live(state(), [
    [0, up()],
    [minute, up()],
    [2 * minute, exited()],
    [2 * minute, gone],
  ])
  t.match(s, { phase: 'creating', readySince: null, failures: 1 })
  for (const wait of [10_000, 20_000, 40_000]) {
    s = fail(s, { code: 'CREDENTIALS_MISSING' }, at(2 * minute))
    t.equal(s.retryAt, noon + 2 * minute + wait)
  }
})

t.test('one quick restart after a good run, then backoff', async (t) => {
  const first = live(state(), [
    [0, up()],
    [1000, exited()],
  ])
  t.match(first, { phase: 'restarting', retryAt: null })
  const second = live(first, [
    [1000, gone],
    [2000, up('c2')],
    [3000, exited('c2')],
  ])
  t.match(second, { phase: 'backing-off', retryAt: noon + 13_000, failures: 2 })
  const settled = live(first, [
    [1000, gone],
    [2000, up('c2')],
    [2000 + minute, exited('c2')],
  ])
  t.match(settled, { phase: 'restarting', failures: 1 })
})

t.test('crash loop', async (t) => {
  const crashing = (s: GatewayState, n: number, everyMs: number, changed?: Partial<LifecycleLimits>) => {
    for (let i = 1; i <= n; i++)
      s = live({ ...s, phase: 'creating' }, [[i * everyMs, exited(`x${i}`)]], changed)
    return s
  }
  t.match(crashing(state(), 4, minute), { phase: 'backing-off' })
  t.match(crashing(state(), 5, minute), {
    phase: 'locked',
    cause: { code: 'CRASH_LOOP', detail: '5 ends within 10 min, the last for CONTAINER_EXITED' },
  })
  t.match(crashing(state(), 20, 3 * minute), { phase: 'backing-off' }, 'spread out')
  const off = { crashLoop: { limit: 0, windowMs: 600_000 } }
  t.match(crashing(state(), 20, minute, off), { phase: 'backing-off' }, 'off')
  const stored = [1, 2, 3, 4].map((n) => noon + n)
  t.match(
    live(state({ phase: 'creating', crashes: stored }), [[minute, exited()]]),
    { phase: 'locked' },
    'over a restart of the manager',
  )
})

t.test('unanswered pushes add up over containers, and a completed login forgives them', async (t) => {
  const missed = (n: number) => ({
    twofaTimeouts: n,
    streak: { ...login('booting').progress.streak, twofaTimeouts: n },
  })
  const ends = (id: string, n: number) =>
    exited(id, { login: login('backing-off', { reason: { code: 'TWOFA_TIMEOUT' } }, missed(n)) })
  const one = live(state(), [[0, ends('c1', 1)]])
  t.match(one, { phase: 'backing-off', cause: { code: 'TWOFA_TIMEOUT' }, missedPushes: 1 })
  const two = live(one, [
    [1, ends('c1', 1)],
    [minute, gone],
    [minute, ends('c2', 1)],
  ])
  t.match(two, { phase: 'backing-off', missedPushes: 2 })
  const three = live(two, [
    [5 * minute, gone],
    [9 * minute, ends('c3', 1)],
  ])
  t.match(three, { phase: 'locked', cause: { code: 'TWOFA_TIMEOUT', detail: '3 pushes went unanswered' } })
  const asking = look({ container: container({ id: 'c3' }), login: login('awaiting-2fa', {}, missed(1)) })
  t.match(live(two, [[9 * minute, asking]]), { phase: 'locked' }, 'while the third container asks again')
  t.match(live(two, [[9 * minute, up('c3')]]), { phase: 'ready', missedPushes: 0 })
  const hung = login(
    'backing-off',
    { reason: { code: 'TWOFA_TIMEOUT' } },
    { streak: { ...login('booting').progress.streak, twofaPushes: 1 } },
  )
  const thrice = [1, 2, 3].map((n): [number, Observation] => [
    n * minute,
    look({ container: container({ id: `h${n}` }), login: hung }),
  ])
  t.match(live(state(), thrice), { phase: 'locked', missedPushes: 3 }, 'requests that never closed count too')
  const forgiven = login('connecting', {}, { twofaTimeouts: 7 })
  t.match(live(state(), [[0, look({ login: forgiven })]]), { phase: 'connecting' })
})

t.test('the start-up clock', async (t) => {
  const booting = look({ login: login('booting') })
  const asking = look({ login: login('awaiting-2fa', { deadline: noon + 9e6 }) })
  const away = look({ login: login('booting'), engineUp: false })
  const connecting = look({ login: login('connecting') })
  const late = { phase: 'backing-off', cause: { code: 'STARTUP_TIMEOUT' }, crashes: [Number] }
  t.match(
    live(state(), [
      [0, booting],
      [119_999, booting],
    ]),
    { phase: 'booting' },
  )
  t.match(
    live(state(), [
      [0, booting],
      [120_000, connecting],
    ]),
    late,
    'runs through the stages',
  )
  const approved = live(state(), [
    [0, booting],
    [60_000, asking],
    [900_000, asking],
    [900_001, booting],
  ])
  t.match(approved, { phase: 'booting', startupMs: 60_000 }, 'stands still at 2FA')
  t.match(live(approved, [[960_001, booting]]), late)
  const back = live(state(), [
    [0, booting],
    [1000, booting],
    [2000, away],
    [500_000, away],
    [500_001, booting],
  ])
  t.match(back, { phase: 'booting', startupMs: 1000 }, 'stands still while the engine is away')
  const pulling = look({ container: null, imagePresent: false })
  t.match(
    live(state({ containerId: null }), [
      [0, pulling],
      [900_000, pulling],
    ]),
    { phase: 'pulling', startupMs: 0 },
  )
  const lost = live(state(), [
    [0, booting],
    [110_000, up()],
    [200_000, connecting],
    [300_000, connecting],
  ])
  t.match(lost, { phase: 'connecting' }, 'begins anew after RUNNING')
})

t.test('what a person asks for', async (t) => {
  const asked = recreationAsked(live(state(), [[0, up()]]), { code: 'PLANNED_RESTART' }, noon)
  t.match(live(asked, [[1, up()]]), { phase: 'restarting', cause: { code: 'PLANNED_RESTART' } })
  t.match(live(asked, [[1, gone]]), { phase: 'creating', crashes: [], failures: 0 }, 'is no crash')
  const locked = fail(state({ crashes: [noon], missedPushes: 2 }), { code: 'WRONG_ACCOUNT' }, at())
  t.equal(locked.phase, 'locked')
  const free = released(locked, noon + 1)
  t.match(free, { phase: 'creating', cause: null, failures: 0, crashes: [], missedPushes: 0 })
  t.match(live(free, [[2, look()]]), { phase: 'restarting' }, 'the locked container goes first')
  t.match(live(free, [[2, gone]]), { phase: 'creating' })
})
