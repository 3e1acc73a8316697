// Random bad days: whatever happens, in whatever order, the fleet harms nothing and comes back. A failure prints its seed and the shortest case.
import fc from 'fast-check'
import t from 'tap'
import { type Fault, faults } from '../faults.ts'
import { limits } from '../looks.ts'
import { Model } from '../model.ts'

type Action = (model: Model) => void
const anyAction: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .integer({ min: 1, max: 600_000 })
      .map((ms) => named(`pass ${ms}`, (model) => model.pass(ms))),
  },
  {
    weight: 3,
    arbitrary: fc
      .integer({ min: 1, max: 10_000 })
      .map((ms) => named(`pass ${ms}`, (model) => model.pass(ms))),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom(...faults), fc.boolean())
      .map(([fault, on]) => named(`${fault} ${on}`, (model) => model.set(fault, on))),
  },
  {
    weight: 1,
    arbitrary: fc.boolean().map((wanted) => named(wanted ? 'launch' : 'stop', (model) => model.ask(wanted))),
  },
  fc.constantFrom(
    named('exit', (model) => model.exit()),
    named('out of memory', (model) => model.exit({ outOfMemory: true, exitCode: 137 })),
    named('removed', (model) => model.removeFromOutside()),
    named('nightly restart', (model) => model.nightlyRestart()),
    named('restart asked', (model) => model.restartContainer()),
    named('manager restarted', (model) => model.restartManager()),
  ),
)

function named(name: string, act: Action): Action {
  return Object.assign(act, { [fc.toStringMethod]: () => name })
}

const play = (actions: readonly Action[]) => {
  const model = new Model()
  model.ask(true)
  model.settle()
  for (const act of actions) {
    act(model)
    model.settle()
  }
  return model
}

t.test('no harm on the way; in a good world the wanted run and the others stop', async () => {
  fc.assert(
    fc.property(fc.array(anyAction, { maxLength: 30 }), fc.boolean(), (actions, wanted) => {
      const model = play(actions)
      for (const fault of faults) model.set(fault, false)
      // What began badly may still end badly; after that a person may release it.
      model.pass(600_000)
      model.ask(wanted)
      model.pass(1_200_000)
      const { status, container, session, hold } = model
      const fine = wanted
        ? status === 'RUNNING' && container?.state === 'running' && session?.state === 'ready'
        : status === 'STOPPED' && container === null && session === null
      if (!fine || (wanted && hold))
        throw new Error(`${status}, ${model.state.phase}, ${model.state.cause?.code}`)
    }),
    { numRuns: 300 },
  )
})

t.test('launches without a person never outnumber the crash-loop limit', async () => {
  const { limit, windowMs } = limits.crashLoop
  fc.assert(
    fc.property(fc.array(anyAction, { maxLength: 40 }), (actions) => {
      const model = new Model()
      model.ask(true)
      for (const act of actions) {
        act(model)
        model.pass(1000)
        const counted = model.launches.filter((at) => at > model.now - windowMs)
        // One more than crashes: the first of them may have crashed before the window.
        if (counted.length > limit + 1) throw new Error(`${counted.length} launches`)
      }
    }),
    { numRuns: 300 },
  )
})

t.test('a rejected login is never tried again without a person', async () => {
  const others = faults.filter((fault): fault is Exclude<Fault, 'badpass'> => fault !== 'badpass')
  const machines = fc.oneof(
    fc
      .constantFrom(...others)
      .map((fault) => named(fault, (model) => model.set(fault, !model.on.has(fault)))),
    fc.integer({ min: 1, max: 600_000 }).map((ms) => named(`pass ${ms}`, (model) => model.pass(ms))),
    fc.constant(named('manager restarted', (model) => model.restartManager())),
  )
  fc.assert(
    fc.property(fc.array(machines, { maxLength: 30 }), (actions) => {
      const model = new Model()
      model.set('badpass', true)
      model.ask(true)
      model.pass(60_000)
      if (model.hold?.code !== 'CREDENTIALS_REJECTED') throw new Error('not locked')
      model.set('badpass', false)
      for (const act of actions) act(model)
      if (model.launches.length !== 1 || model.container) throw new Error(`${model.launches.length} launches`)
    }),
    { numRuns: 100 },
  )
})

t.test('a person who never approves is asked three times and no more', async () => {
  const moments = fc.array(
    fc.oneof(
      fc.integer({ min: 1, max: 600_000 }).map((ms) => named(`pass ${ms}`, (model) => model.pass(ms))),
      fc
        .constantFrom<Fault>('hungTwofa', 'engineDown', 'storeDown')
        .map((fault) => named(fault, (model) => model.set(fault, !model.on.has(fault)))),
    ),
    { maxLength: 20 },
  )
  fc.assert(
    fc.property(moments, (actions) => {
      const model = new Model()
      model.set('twofa', true)
      model.ask(true)
      for (const act of actions) act(model)
      model.set('engineDown', false)
      model.pass(3_600_000)
      if (model.launches.length !== 3 || model.state.phase !== 'locked')
        throw new Error(`${model.launches.length} launches, ${model.state.phase}`)
    }),
    { numRuns: 100 },
  )
})
