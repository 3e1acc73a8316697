// The engine as the fleet sees it: adoption before anything, lost, probed, back.
import t, { type Test } from 'tap'
import { EngineWatch } from '../../../src/fleet/reconcile/engine-watch.ts'
import { FleetError } from '../../../src/ports/errors.ts'
import type { GatewayRuntime, RuntimeSignal } from '../../../src/ports/runtime.ts'
import { FakeClock, settle } from '../../fake-clock.ts'
import { container, silent } from '../looks.ts'

function watchOf(t: Test, up: boolean) {
  const clock = new FakeClock()
  const world = { up, unsafe: false }
  const told: string[] = []
  const hints: RuntimeSignal[] = []
  let heard = () => undefined as unknown
  const stopping = new AbortController()
  const ask = async <T>(answer: T): Promise<T> => {
    if (!world.up) throw new FleetError('ENGINE_UNAVAILABLE', 'no answer')
    return answer
  }
  const runtime = {
    ping: () => ask({ version: '1', latencyMs: 1 }),
    list: () => ask([container()]),
    prepare: async () => {
      await ask(null)
      if (world.unsafe) throw new FleetError('NETWORK_UNSAFE', 'open network')
    },
    async *watch(signal: AbortSignal) {
      while (!signal.aborted) {
        for (let hint = hints.shift(); hint; hint = hints.shift()) yield hint
        await new Promise((resolve) => {
          heard = () => resolve(null)
          signal.addEventListener('abort', resolve, { once: true })
        })
      }
    },
  } as unknown as GatewayRuntime
  const watch: EngineWatch = new EngineWatch({
    runtime,
    clock,
    log: silent,
    adopt: (found) => told.push(`adopt ${found.length}${watch.up ? ' too late' : ''}`),
    wake: (id) => told.push(`wake ${id}`),
    wakeAll: () => told.push('wake all'),
    mayAct: () => true,
    onChange: (now) => told.push(now ? 'up' : 'down'),
    onUnsafe: (detail) => told.push(detail === null ? 'safe' : `unsafe: ${detail}`),
  })
  t.teardown(() => stopping.abort())
  const hint = async (signal: RuntimeSignal) => {
    hints.push(signal)
    heard()
    await settle()
  }
  const tellings = () => told.splice(0)
  return { clock, world, watch, hint, tellings, stopping, start: () => watch.start(stopping.signal) }
}

t.test('adopts before it says that the engine is up', async (t) => {
  const { watch, start, tellings } = watchOf(t, true)
  t.equal(watch.up, false)
  await start()
  t.strictSame(tellings(), ['safe', 'adopt 1', 'up', 'wake all'])
  t.match(watch, { up: true, detail: null })
})

t.test('down at the start: probes until it can adopt', async (t) => {
  const { clock, world, watch, start, tellings } = watchOf(t, false)
  await start()
  t.match(watch, { up: false, detail: 'no answer' })
  await clock.advance(5000)
  world.up = true
  tellings()
  await clock.advance(2000)
  t.strictSame(tellings(), ['safe', 'adopt 1', 'up', 'wake all'])
  t.equal(clock.pendingTimers, 0, 'no probe is left')
})

t.test('lost while running, and back: adopted only once', async (t) => {
  const { clock, world, watch, start, hint, tellings } = watchOf(t, true)
  await start()
  tellings()
  await hint({ kind: 'lost' })
  t.strictSame(tellings(), [], 'only the stream broke')
  world.up = false
  await hint({ kind: 'lost' })
  await clock.advance(500)
  t.strictSame(tellings(), ['down'])
  t.match(watch, { up: false, detail: String })
  await clock.advance(4000)
  watch.doubt()
  world.up = true
  await clock.advance(2000)
  t.strictSame(tellings(), ['up', 'wake all'])
  await clock.advance(5000)
  world.up = false
  watch.doubt()
  await clock.advance(500)
  t.strictSame(tellings(), ['down'], 'a call that failed knows it sooner')
  world.up = true
  await clock.advance(2000)
  t.equal(clock.pendingTimers, 0)
})

t.test('an engine that fails now and then is no engine that is down', async (t) => {
  const { clock, world, watch, start, tellings } = watchOf(t, true)
  await start()
  tellings()
  // A call failed; the engine answers when asked, or when asked again.
  watch.doubt()
  await settle()
  world.up = false
  watch.doubt()
  await clock.advance(1000)
  t.strictSame(tellings(), [], 'not asked again so soon')
  await clock.advance(4000)
  watch.doubt()
  watch.doubt()
  await clock.advance(300)
  world.up = true
  await clock.advance(1000)
  t.strictSame(tellings(), [])
  t.equal(clock.pendingTimers, 0)
})

t.test('hints wake', async (t) => {
  const { start, hint, tellings } = watchOf(t, true)
  await start()
  tellings()
  await hint({ kind: 'event', event: { followerId: 'f1', containerId: 'c1', action: 'exited', at: 0 } })
  await hint({ kind: 'resumed' })
  t.strictSame(tellings(), ['wake f1', 'wake all'])
})

t.test('an unsafe network keeps no gateway from being adopted, and launches are told', async (t) => {
  const { world, watch, start } = watchOf(t, true)
  const { signal } = new AbortController()
  world.unsafe = true
  await start()
  t.equal(watch.up, true)
  await t.rejects(watch.ready(signal), { code: 'NETWORK_UNSAFE' })
  world.unsafe = false
  await watch.ready(signal)
  world.unsafe = true
  await watch.ready(signal)
})

t.test('tells again that all is well, and only that', async (t) => {
  const { world, watch, start, tellings } = watchOf(t, true)
  watch.tellWell()
  t.strictSame(tellings(), [], 'not asked yet')
  world.unsafe = true
  await start()
  tellings()
  watch.tellWell()
  t.strictSame(tellings(), ['up'], 'the network is not')
  world.unsafe = false
  await watch.ready(AbortSignal.timeout(1_000))
  tellings()
  watch.tellWell()
  t.strictSame(tellings(), ['up', 'safe'])
})

t.test('ends with its signal', async (t) => {
  const { clock, start, stopping } = watchOf(t, false)
  await start()
  stopping.abort()
  await settle()
  t.equal(clock.pendingTimers, 0)
})
