// Looks at one gateway: what the engine says, what its log tells and when it may be believed.
import t from 'tap'
import { newLogin } from '../../../src/fleet/login-log/progress.ts'
import { type Eyes, look, observe } from '../../../src/fleet/reconcile/observe.ts'
import { FleetError } from '../../../src/ports/errors.ts'
import type { GatewayContainer, GatewayRuntime, LogLine } from '../../../src/ports/runtime.ts'
import { FakeClock, settle } from '../../fake-clock.ts'
import { gatewayLogs, type LogName } from '../../fixtures/gateway-logs.ts'
import { keeperOf } from '../keepers.ts'
import { container, limits, state } from '../looks.ts'

const { signal } = new AbortController()

/** An engine with one container, whose log is as long as the test wants and then waits. */
function worldOf(log: LogName, changed: Partial<GatewayContainer> = {}, agedMs = 0) {
  const clock = new FakeClock()
  const startedAt = clock.now() - agedMs
  const world = {
    up: true,
    image: true,
    container: container({ startedAt, ...changed }) as GatewayContainer | null,
  }
  const quiet = new AbortController()
  const more = new Promise((resolve) => quiet.signal.addEventListener('abort', resolve))
  const ask = async <T>(answer: () => T): Promise<T> => {
    if (!world.up) throw new FleetError('ENGINE_UNAVAILABLE', 'away')
    return answer()
  }
  const runtime = {
    inspect: () => ask(() => world.container),
    hasImage: () => ask(() => world.image),
    async *logs(_: string, __: object, until: AbortSignal): AsyncGenerator<LogLine> {
      for (const text of gatewayLogs[log]) yield { at: startedAt, stream: 'stdout', text }
      if (world.container?.state !== 'exited')
        await Promise.race([more, new Promise((done) => until.addEventListener('abort', done))])
    },
  } as unknown as GatewayRuntime
  const woken: string[] = []
  const rejected: object[] = []
  const engine = { up: true, doubts: 0, doubt: () => void engine.doubts++ }
  const eyes: Eyes = {
    runtime,
    limits,
    engine,
    now: () => clock.now(),
    sleep: (ms, until) => clock.sleep(ms, until),
    loginRejected: ({ follower }, { id }, at) => rejected.push({ follower: follower.id, container: id, at }),
    wake: (id) => woken.push(id),
    onLogError: () => undefined,
  }
  const keeper = keeperOf({ adopted: agedMs > 0 })
  t.teardown(() => keeper.logReader?.close())
  return { world, clock, eyes, keeper, woken, rejected, engine, release: () => quiet.abort() }
}

t.test('a new container is judged by its log from the first line', async (t) => {
  const { eyes, keeper, woken, rejected } = worldOf('wrong password, dialog stays')
  t.match(await observe(keeper, eyes, signal), { engineUp: true, login: { verdict: { phase: 'booting' } } })
  await settle()
  t.match(look(keeper, eyes).login?.verdict, { phase: 'locked', reason: { code: 'CREDENTIALS_REJECTED' } })
  t.ok(woken.length > 0, 'whoever decides is told')
  const container = keeper.container?.id
  t.strictSame(
    rejected,
    [{ follower: keeper.follower.id, container, at: keeper.container?.startedAt }],
    'told at once, once',
  )
})

t.test('an adopted container is not judged before its log is read back', async (t) => {
  const { eyes, keeper, clock } = worldOf('wrong password, dialog stays', {}, 86_400_000)
  for (const [step, waitMs] of [
    ['before a line', 30_000],
    ['in the middle', 2000],
  ] as const) {
    const seen = await observe(keeper, eyes, signal)
    t.match(
      seen?.login?.verdict,
      { phase: 'booting', terminal: false, nextCheckAt: clock.now() + waitMs },
      step,
    )
    await settle()
  }
  await clock.advance(2000)
  t.match(look(keeper, eyes).login?.verdict, { phase: 'locked', terminal: true })
})

t.test('after an outage of the engine what was known stands until the log is read on', async (t) => {
  const { world, eyes, keeper, clock, engine, release } = worldOf('no answer to the login')
  await observe(keeper, eyes, signal)
  await settle()
  keeper.seen = look(keeper, eyes)
  t.equal(keeper.seen.login?.verdict.phase, 'logging-in')
  release()
  await settle()
  world.up = false
  engine.up = false
  t.match(await observe(keeper, eyes, signal), { engineUp: false, container: { id: 'c1' } })
  await clock.advance(80_000)
  keeper.seen = look(keeper, eyes)
  await clock.advance(20_000)
  world.up = true
  engine.up = true
  t.match((await observe(keeper, eyes, signal))?.login?.verdict, { phase: 'logging-in', terminal: false })
})

t.test('a silence that nobody could listen to is no stalled login', async (t) => {
  const { world, eyes, keeper, clock, engine, release } = worldOf('no answer to the login')
  await observe(keeper, eyes, signal)
  await settle()
  release()
  await settle()
  world.up = false
  engine.up = false
  await clock.advance(170_000)
  await observe(keeper, eyes, signal)
  keeper.seen = look(keeper, eyes)
  t.match(keeper.seen.login?.verdict, { phase: 'logging-in', terminal: false }, 'while the engine is away')
  world.up = true
  engine.up = true
  t.match((await observe(keeper, eyes, signal))?.login?.verdict, { phase: 'logging-in', terminal: false })
})

t.test('a container that ended keeps the cause that ended it', async (t) => {
  const rows: Array<[log: LogName, changed: Partial<GatewayContainer>, phase: string, code: string]> = [
    ['paper login', { exitCode: 1 }, 'backing-off', 'CONTAINER_EXITED'],
    ['paper login', { exitCode: 137, outOfMemory: true }, 'backing-off', 'OUT_OF_MEMORY'],
    ['open 2FA request', { exitCode: 0 }, 'backing-off', 'CONTAINER_EXITED'],
    ['only the container', { exitCode: 1 }, 'locked', 'CONFIG_ERROR'],
    ['wrong password, dialog stays', { exitCode: 143 }, 'locked', 'CREDENTIALS_REJECTED'],
  ]
  for (const [log, changed, phase, code] of rows) {
    const { eyes, keeper } = worldOf(log, { state: 'exited', ...changed })
    const seen = await observe(keeper, eyes, signal)
    t.match(seen?.login?.verdict, { phase, reason: { code }, terminal: true }, log)
  }
})

t.test('the image is asked for when it is needed', async (t) => {
  const { world, eyes, keeper, clock } = worldOf('nothing at all')
  world.container = null
  t.equal((await observe(keeper, eyes, signal))?.imagePresent, true)
  keeper.state = state({ phase: 'backing-off', retryAt: clock.now() + 1 })
  t.equal((await observe(keeper, eyes, signal))?.imagePresent, false)
  keeper.record = { ...keeper.record, hold: { code: 'WRONG_ACCOUNT', at: 0 } }
  t.match(await observe(keeper, eyes, signal), { hold: { code: 'WRONG_ACCOUNT' }, imagePresent: false })
})

t.test('an engine that is away leaves the last view; other failures are told', async (t) => {
  const { world, eyes, keeper, engine } = worldOf('nothing at all')
  world.up = false
  t.equal(await observe(keeper, eyes, signal), null, 'one call that failed tells nothing')
  t.equal(engine.doubts, 1)
  engine.up = false
  t.match(await observe(keeper, eyes, signal), { engineUp: false, container: null })
  Object.assign(world, { up: true })
  Object.assign(engine, { up: true })
  t.match(await observe(keeper, eyes, signal), { engineUp: true })
  t.match(look(keeper, eyes).login?.progress, { stage: newLogin(0).stage })
  const broken = {
    ...eyes,
    runtime: { inspect: () => Promise.reject(new Error('bug')) } as unknown as GatewayRuntime,
  }
  await t.rejects(observe(keeper, broken, signal), { message: 'bug' })
})
