// The keyed queue on a fake clock: one run per key, no wish lost, nothing left when it stops.
import fc from 'fast-check'
import t from 'tap'
import { KeyedQueue, type Work } from '../../../src/fleet/reconcile/queue.ts'
import { FakeClock, settle } from '../../fake-clock.ts'
import { silent } from '../looks.ts'

function queueOf(work: Work) {
  const clock = new FakeClock()
  return { clock, queue: new KeyedQueue({ work, clock, log: silent }) }
}

t.test('a burst is one run, a wish during a run is one more', async (t) => {
  let runs = 0
  const { clock, queue } = queueOf(async () => {
    runs++
    await clock.sleep(10)
    return undefined
  })
  for (let i = 0; i < 5; i++) queue.enqueue('a')
  await clock.advance(100)
  t.equal(runs, 2)
})

t.test('keys do not wait for each other', async (t) => {
  const done: string[] = []
  const { clock, queue } = queueOf(async (key) => {
    await clock.sleep(key === 'slow' ? 1e6 : 1)
    done.push(key)
    return undefined
  })
  queue.enqueue('slow')
  queue.enqueue('quick')
  await clock.advance(10)
  t.strictSame(done, ['quick'])
})

t.test('again after N ms; the earliest wish wins; forget ends it', async (t) => {
  const at: number[] = []
  const { clock, queue } = queueOf(async () => {
    at.push(clock.monotonicMs())
    return 1000
  })
  queue.enqueue('a')
  await clock.advance(500)
  queue.enqueue('a', 5000)
  queue.enqueue('a', 100)
  await clock.advance(1500)
  t.strictSame(at, [0, 600, 1600])
  queue.forget('a')
  t.equal(clock.pendingTimers, 0)
})

t.test('a key forgotten during its run and asked for again waits anew', async (t) => {
  const at: number[] = []
  const { clock, queue } = queueOf(async () => {
    at.push(clock.monotonicMs())
    await clock.sleep(10)
    return undefined
  })
  queue.enqueue('a')
  queue.enqueue('a', 1000)
  queue.forget('a')
  queue.enqueue('a', 2000)
  await clock.advance(3000)
  t.strictSame(at, [0, 2000])
})

t.test('errors back off, doubling to a minute, and a success forgets them', async (t) => {
  const at: number[] = []
  const { clock, queue } = queueOf(async () => {
    at.push(clock.monotonicMs())
    if (at.length !== 4) throw new Error('no')
    return 1
  })
  queue.enqueue('a')
  await clock.advance(1000 + 2000 + 4000 + 1 + 1000)
  t.strictSame(at, [0, 1000, 3000, 7000, 7001, 8001])
  await clock.advance(600_000)
  t.equal((at.at(-1) ?? 0) - (at.at(-2) ?? 0), 60_000)
})

t.test('interrupt aborts the run under way and runs again', async (t) => {
  const ends: string[] = []
  const { clock, queue } = queueOf(async (_, signal) => {
    try {
      await clock.sleep(1e6, signal)
      ends.push('slept')
    } catch (err) {
      ends.push('aborted')
      throw err
    }
    return undefined
  })
  queue.enqueue('a')
  await settle()
  queue.interrupt('a')
  await clock.advance(1e6)
  t.strictSame(ends, ['aborted', 'slept'])
})

t.test('exclusive work answers, fails and excludes', async (t) => {
  const order: string[] = []
  const { clock, queue } = queueOf(async () => {
    order.push('run')
    await clock.sleep(10)
    order.push('ran')
    return undefined
  })
  queue.enqueue('a')
  const answer = queue.exclusive('a', async () => {
    order.push('alone')
    await clock.sleep(10)
    order.push('done')
    return 7
  })
  const failing = queue.exclusive('a', () => Promise.reject(new Error('no')))
  const thrown = queue.exclusive('a', () => {
    throw new Error('at once')
  })
  await Promise.all([
    t.rejects(failing, { message: 'no' }),
    t.rejects(thrown, { message: 'at once' }),
    clock.advance(100),
  ])
  t.equal(await answer, 7)
  t.strictSame(order, ['run', 'ran', 'alone', 'done', 'run', 'ran'])
})

t.test('stop aborts, waits for every run, and refuses what comes later', async (t) => {
  let running = 0
  const { clock, queue } = queueOf(async (_, signal) => {
    running++
    await clock.sleep(1e6, signal).catch(() => clock.sleep(50))
    running--
    return 10
  })
  queue.enqueue('a')
  queue.enqueue('b', 1000)
  await settle()
  const stopped = queue.stop()
  await clock.advance(60)
  await stopped
  queue.enqueue('a')
  await t.rejects(
    queue.exclusive('a', async () => 1),
    { message: 'the queue has stopped' },
  )
  await clock.advance(1e6)
  t.equal(running, 0)
  t.equal(clock.pendingTimers, 0)
})

t.test('whatever is asked in whatever order', async () => {
  const key = fc.constantFrom('a', 'b', 'c')
  const action = fc.oneof(
    fc.record({ kind: fc.constant('enqueue' as const), key, ms: fc.constantFrom(0, 0, 5, 50) }),
    fc.record({ kind: fc.constantFrom('interrupt' as const, 'exclusive' as const), key, ms: fc.constant(0) }),
    fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 60 }) }),
  )
  const outcome = fc.record({
    ms: fc.integer({ min: 0, max: 30 }),
    fails: fc.boolean(),
    again: fc.option(fc.nat(100)),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { maxLength: 40 }),
      fc.array(outcome, { minLength: 1, maxLength: 5 }),
      async (actions, outcomes) => {
        const busy = new Set<string>()
        const owed = new Set<string>()
        let answers = 0
        let asked = 0
        let runs = 0
        const alone = async (name: string, ms: number, signal?: AbortSignal) => {
          if (busy.has(name)) throw new Error(`two runs of ${name}`)
          busy.add(name)
          owed.delete(name)
          await clock.sleep(ms, signal).finally(() => busy.delete(name))
        }
        const { clock, queue } = queueOf(async (name, signal) => {
          const { ms, fails, again } = outcomes[runs++ % outcomes.length] ?? {
            ms: 0,
            fails: false,
            again: null,
          }
          await alone(name, ms, signal)
          if (fails) throw new Error('failed')
          return again ?? undefined
        })
        for (const act of actions) {
          if (act.kind === 'pass') await clock.advance(act.ms)
          else if (act.kind === 'exclusive') {
            asked++
            void queue.exclusive(act.key, () => alone(act.key, 7)).then(() => answers++)
          } else {
            // Before the call: a run may begin within it.
            owed.add(act.key)
            if (act.kind === 'interrupt') queue.interrupt(act.key)
            else queue.enqueue(act.key, act.ms)
          }
        }
        await clock.advance(10_000)
        if (owed.size > 0) throw new Error(`never run: ${[...owed]}`)
        if (answers !== asked) throw new Error(`${asked - answers} exclusive tasks were never done`)
        const stopped = queue.stop()
        await clock.advance(100)
        await stopped
        if (busy.size > 0 || clock.pendingTimers > 0) throw new Error('something is left')
      },
    ),
    { numRuns: 150 },
  )
})
