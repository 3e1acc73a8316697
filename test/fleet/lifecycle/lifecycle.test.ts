// The lifecycle as tables: from a phase and one look at the world to the next phase and its cause.
import t from 'tap'
import type { GatewayPhase } from '../../../schemas/gateway.ts'
import { advance, missedPushes } from '../../../src/fleet/lifecycle/lifecycle.ts'
import type { Cause } from '../../../src/fleet/lifecycle/reasons.ts'
import type { GatewayState, Observation } from '../../../src/fleet/lifecycle/state.ts'
import { at, container, login, look, noon, session, state } from '../looks.ts'

type Row = [
  name: string,
  from: Partial<GatewayState>,
  seen: Partial<Observation>,
  phase: GatewayPhase,
  code: Cause['code'] | null,
  more?: Partial<GatewayState>,
]
const recreate: Cause = { code: 'SESSION_LOST' }
const ready = { phase: 'ready', wasReady: true, readySince: noon } as const
const ended = (exitCode: number, outOfMemory = false) => container({ state: 'exited', exitCode, outOfMemory })
const inLog = (phase: 'backing-off' | 'locked', code: Cause['code']) => login(phase, { reason: { code } })

// biome-ignore format: a table is read by its rows
const rows: Row[] = [
  // Not wanted.
  ['nothing wanted, nothing there', {}, { wanted: false, container: null }, 'stopped', null],
  ['not wanted, engine never seen', { containerId: null }, { wanted: false, container: undefined }, 'stopped', null],
  ['not wanted, engine not seen yet', { containerId: 'c1' }, { wanted: false, container: undefined, engineUp: false }, 'stopping', 'ENGINE_UNAVAILABLE'],
  ['not wanted, still running', ready, { wanted: false }, 'stopping', null],
  ['not wanted, engine down', ready, { wanted: false, engineUp: false }, 'stopping', 'ENGINE_UNAVAILABLE'],
  ['not wanted, exited', ready, { wanted: false, container: ended(0) }, 'stopping', null],
  ['not wanted although held', { phase: 'locked' }, { wanted: false, container: null, hold: recreate }, 'stopped', null],
  // Held.
  ['held, nothing there', {}, { hold: { code: 'CRASH_LOOP' }, container: null }, 'locked', 'CRASH_LOOP'],
  ['held by an earlier manager', {}, { hold: { code: 'CRASH_LOOP' }, heldSince: noon - 9, container: null }, 'locked', 'CRASH_LOOP', { since: noon - 9 }],
  ['held since it was locked', { phase: 'locked', cause: { code: 'CRASH_LOOP' }, since: noon - 20 }, { hold: { code: 'CRASH_LOOP' }, heldSince: noon - 9, container: null }, 'locked', 'CRASH_LOOP', { since: noon - 20 }],
  ['held, still running', ready, { hold: { code: 'WRONG_ACCOUNT' }, session: session('ready') }, 'locked', 'WRONG_ACCOUNT'],
  ['held, engine unknown', {}, { hold: { code: 'LOCKED_OUT' }, container: undefined, engineUp: false }, 'locked', 'LOCKED_OUT'],
  // No container.
  ['wanted, image there', { containerId: null }, { container: null }, 'creating', null],
  ['wanted, no image', { containerId: null }, { container: null, imagePresent: false }, 'pulling', null],
  ['pulled', { phase: 'pulling', containerId: null }, { container: null }, 'creating', null],
  ['engine never seen', { containerId: null }, { container: undefined, engineUp: false }, 'backing-off', 'ENGINE_UNAVAILABLE', { retryAt: null }],
  ['engine down, nothing there', { containerId: null }, { container: null, engineUp: false }, 'backing-off', 'ENGINE_UNAVAILABLE'],
  ['waiting for its time', { phase: 'backing-off', cause: recreate, retryAt: noon + 1 }, { container: null }, 'backing-off', 'SESSION_LOST'],
  ['its time has come', { phase: 'backing-off', cause: recreate, retryAt: noon }, { container: null }, 'creating', null, { recreate: null }],
  ['engine back', { phase: 'backing-off', cause: { code: 'ENGINE_UNAVAILABLE' }, containerId: null }, { container: null }, 'creating', null],
  ['locked without a stored hold', { phase: 'locked', cause: recreate, recreate }, { container: null }, 'locked', 'SESSION_LOST'],
  ['removed from outside while booting', { phase: 'booting' }, { container: null }, 'backing-off', 'CONTAINER_EXITED', { failures: 1, crashes: [noon] }],
  ['removed from outside while RUNNING', ready, { container: null }, 'creating', null, { failures: 1, crashes: [noon] }],
  ['removed from outside in a soft restart', { phase: 'restarting', softRestart: { jvmStarts: 1, dueBy: noon + 9 } }, { container: null }, 'backing-off', 'CONTAINER_EXITED', { crashes: [noon], softRestart: null }],
  ['removed by us', { phase: 'restarting', cause: recreate, recreate, failures: 1 }, { container: null }, 'creating', null, { failures: 1, crashes: [] }],
  // Container states.
  ['created, never started', { phase: 'creating' }, { container: container({ state: 'created' }) }, 'restarting', 'CONTAINER_EXITED', { crashes: [] }],
  ['exited', { phase: 'booting' }, { container: ended(3) }, 'backing-off', 'CONTAINER_EXITED', { crashes: [noon], failures: 1 }],
  ['exited, engine down: stale', ready, { container: ended(3), engineUp: false }, 'reconnecting', 'ENGINE_UNAVAILABLE', { crashes: [] }],
  ['exited, engine down, session alive', ready, { container: ended(3), engineUp: false, session: session('ready') }, 'ready', null],
  ['exited as soon as it was made', { phase: 'creating' }, { container: ended(3) }, 'backing-off', 'CONTAINER_EXITED', { crashes: [noon], failures: 1 }],
  ['exited while nobody watched', {}, { container: ended(0), login: inLog('backing-off', 'CONTAINER_EXITED') }, 'restarting', 'CONTAINER_EXITED', { crashes: [], failures: 0 }],
  ['exited while the engine was away from the start', { phase: 'backing-off', cause: { code: 'ENGINE_UNAVAILABLE' } }, { container: ended(0) }, 'restarting', 'CONTAINER_EXITED', { crashes: [] }],
  ['rejected while nobody watched', {}, { container: ended(1), login: inLog('locked', 'CREDENTIALS_REJECTED') }, 'locked', 'CREDENTIALS_REJECTED'],
  ['out of memory', { phase: 'booting' }, { container: ended(137, true), login: inLog('backing-off', 'LOGIN_STALLED') }, 'backing-off', 'OUT_OF_MEMORY'],
  ['exited, cause in the log', { phase: 'booting' }, { container: ended(1), login: inLog('backing-off', 'LOGIN_ERROR') }, 'backing-off', 'LOGIN_ERROR'],
  ['exited, wrong password in the log', { phase: 'booting' }, { container: ended(1), login: inLog('locked', 'CREDENTIALS_REJECTED') }, 'locked', 'CREDENTIALS_REJECTED'],
  ['exited while the servers were away', { phase: 'booting' }, { container: ended(76), login: inLog('backing-off', 'SERVER_UNAVAILABLE') }, 'backing-off', 'SERVER_UNAVAILABLE', { crashes: [], retryAt: noon + 300_000 }],
  ['exited after a good run', ready, { container: ended(0) }, 'restarting', 'CONTAINER_EXITED', { failures: 1, crashes: [noon] }],
  ['exited, seen again', { phase: 'backing-off', cause: recreate, recreate, retryAt: noon + 9, failures: 1 }, { container: ended(0) }, 'backing-off', 'SESSION_LOST', { failures: 1, crashes: [] }],
  ['paused with a live session', ready, { container: container({ state: 'paused' }), session: session('ready') }, 'ready', null],
  ['another container', { ...ready, containerId: 'c0', recreate, startupMs: 99 }, {}, 'booting', null, { wasReady: false, recreate: null, startupMs: 0, containerId: 'c1' }],
  // Login.
  ['nothing said yet', { phase: 'creating' }, {}, 'booting', null],
  ['booting', { phase: 'creating' }, { login: login('booting') }, 'booting', null],
  ['logging in', { phase: 'booting' }, { login: login('logging-in') }, 'logging-in', null],
  ['2FA', { phase: 'logging-in' }, { login: login('awaiting-2fa', { reason: { code: 'AWAITING_2FA' }, deadline: noon + 200_000 }) }, 'awaiting-2fa', 'AWAITING_2FA', { deadline: noon + 200_000 }],
  ['logged in', { phase: 'logging-in' }, { login: login('connecting') }, 'connecting', null],
  ['nightly restart', ready, { login: login('restarting', { reason: { code: 'PLANNED_RESTART' }, deadline: noon + 9 }), session: session('reconnecting') }, 'restarting', 'PLANNED_RESTART', { deadline: noon + 9, wasReady: false, crashes: [], failures: 0 }],
  ['on its way out', ready, { login: login('stopping'), session: session('reconnecting') }, 'reconnecting', null, { crashes: [] }],
  ['failed in the log', { phase: 'logging-in' }, { login: inLog('backing-off', 'LOGIN_STALLED') }, 'backing-off', 'LOGIN_STALLED', { crashes: [noon], retryAt: noon + 10_000 }],
  ['rejected in the log', { phase: 'logging-in' }, { login: inLog('locked', 'CREDENTIALS_REJECTED') }, 'locked', 'CREDENTIALS_REJECTED'],
  ['adopted, log tells nothing', {}, { adopted: true, login: login('booting') }, 'connecting', null],
  ['adopted, log cut long ago', {}, { adopted: true, login: inLog('backing-off', 'STARTUP_TIMEOUT') }, 'connecting', null, { crashes: [] }],
  ['adopted, no log yet', {}, { adopted: true }, 'connecting', null],
  ['adopted at a 2FA request', {}, { adopted: true, login: login('awaiting-2fa') }, 'awaiting-2fa', null],
  ['adopted after a wrong password', {}, { adopted: true, login: inLog('locked', 'CREDENTIALS_REJECTED') }, 'locked', 'CREDENTIALS_REJECTED'],
  ['adopted with a session', {}, { adopted: true, session: session('ready') }, 'ready', null, { wasReady: true }],
  // Session.
  ['connecting', { phase: 'connecting' }, { login: login('connecting'), session: session('connecting') }, 'connecting', null],
  ['ready', { phase: 'connecting', startupMs: 99, connectTries: 9, missedPushes: 2 }, { login: login('connecting'), session: session('ready') }, 'ready', null, { readySince: noon, startupMs: 0, connectTries: 0, missedPushes: 0 }],
  ['ready without a log', { phase: 'connecting' }, { session: session('ready') }, 'ready', null],
  ['ready, engine down', ready, { engineUp: false, session: session('ready') }, 'ready', null],
  ['farm down', ready, { session: session('ready', { brokenFarms: ['usfarm'] }) }, 'degraded', null],
  ['slow heartbeat', ready, { session: session('ready', { heartbeatLate: true }) }, 'degraded', null],
  ['competing session', ready, { session: session('ready', { competing: true }) }, 'degraded', 'COMPETING_SESSION'],
  ['upstream lost', ready, { session: session('ready', { upstream: 'lost', brokenFarms: ['usfarm'] }) }, 'upstream-lost', 'UPSTREAM_LOST', { crashes: [], rung: 'session' }],
  ['upstream lost for hours', { ...ready, phase: 'upstream-lost', since: noon - 9e6 }, { session: session('ready', { upstream: 'lost' }) }, 'upstream-lost', 'UPSTREAM_LOST', { crashes: [], recreate: null }],
  ['wrong account', { phase: 'connecting' }, { session: session('ready'), accountFault: 'U9' }, 'locked', 'WRONG_ACCOUNT'],
  ['session lost', ready, { login: login('connecting'), session: session('reconnecting') }, 'reconnecting', 'SESSION_LOST', { rung: 'session', readySince: null }],
  ['mute', ready, { login: login('connecting'), session: session('reconnecting', { lastError: { code: 'CONNECTION_TIMEOUT', message: '', at: noon } }) }, 'reconnecting', 'HEARTBEAT_LOST'],
  ['session given up', ready, { login: login('connecting'), session: session('failed') }, 'reconnecting', 'SESSION_LOST', { rung: 'soft-restart' }],
  ['session lost, engine down', ready, { engineUp: false, login: login('connecting'), session: session('failed') }, 'reconnecting', 'ENGINE_UNAVAILABLE', { crashes: [] }],
  ['booting, engine down', { phase: 'booting' }, { engineUp: false }, 'booting', 'ENGINE_UNAVAILABLE', { crashes: [] }],
  // Restarts.
  ['soft restart under way', { phase: 'restarting', softRestart: { jvmStarts: 1, dueBy: noon + 1 } }, { login: login('connecting') }, 'restarting', null],
  ['soft restart done', { phase: 'restarting', wasReady: true, softRestart: { jvmStarts: 1, dueBy: noon + 1 } }, { login: login('booting', {}, { jvmStarts: 2 }) }, 'booting', null, { softRestart: null, wasReady: false }],
  ['soft restart of a lost one, as the log tells it', { phase: 'restarting', cause: { code: 'HEARTBEAT_LOST' }, wasReady: true, softRestart: { jvmStarts: 1, dueBy: noon + 1 } }, { login: login('restarting', { reason: { code: 'PLANNED_RESTART' } }, { jvmStarts: 2 }) }, 'restarting', 'HEARTBEAT_LOST', { softRestart: null }],
  ['soft restart never came', { phase: 'restarting', softRestart: { jvmStarts: 1, dueBy: noon } }, { login: login('connecting') }, 'backing-off', 'SESSION_LOST', { crashes: [noon], softRestart: null }],
  ['soft restart due, engine down', { phase: 'restarting', softRestart: { jvmStarts: 1, dueBy: noon } }, { engineUp: false, login: login('connecting') }, 'restarting', null, { crashes: [] }],
  ['another container asked for', { ...ready, phase: 'restarting', recreate }, { session: session('ready') }, 'restarting', 'SESSION_LOST'],
]

for (const [name, from, seen, phase, code, more] of rows) {
  t.test(name, async (t) => {
    const before = state(from)
    const after = advance(before, look(seen), at())
    t.equal(after.phase, phase)
    t.equal(after.cause?.code ?? null, code)
    if (more) t.match(after, more)
    t.strictSame(advance(after, look(seen), at()), after, 'the same look again changes nothing')
  })
}

t.test('what a container ended with is told', async (t) => {
  const detail = (exitCode?: number) =>
    advance(
      state(),
      look({ container: container({ state: 'exited', ...(exitCode !== undefined && { exitCode }) }) }),
      at(),
    ).cause?.detail
  t.equal(detail(3), 'exit status 3')
  t.equal(detail(), 'exit status unknown')
})

t.test(
  'pushes that nobody approved count once: those of this container, then those of the wish',
  async (t) => {
    const { streak: noFailures } = login('awaiting-2fa').progress
    const streak = { ...noFailures, twofaPushes: 2, twofaTimeouts: 1 }
    const waiting = { login: login('awaiting-2fa', {}, { streak }) }
    const missed = (from: Partial<GatewayState>, seen: Partial<Observation>) =>
      missedPushes(state({ missedPushes: 2, ...from }), look(seen))
    t.equal(missed({}, waiting), 3)
    t.equal(missed({}, { container: null, ...waiting }), 2, 'counted with the container that is gone')
    for (const counted of [{ recreate }, { phase: 'locked' }, { phase: 'backing-off' }] as const)
      t.equal(missed(counted, waiting), 2, JSON.stringify(counted))
    const givenUp = login('backing-off', { reason: { code: 'TWOFA_TIMEOUT' } }, { streak })
    t.equal(missed({}, { login: givenUp }), 4, 'the one that never closed is missed, too')
    const failed = login('backing-off', { reason: { code: 'SERVER_UNAVAILABLE' } }, { streak: noFailures })
    t.equal(missed({}, { login: failed }), 2, 'no push, none missed')
  },
)
