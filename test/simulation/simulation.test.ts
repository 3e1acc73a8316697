// A few storms for every run of the tests: the seeds that once broke a promise, and the proof that a seed always tells the same story.
import t from 'tap'
import { chosenOf, chosenText } from './choice.ts'
import { shrink } from './shrink.ts'
import { type SimulationOptions, simulate } from './simulate.ts'

/** Each found a bug when it was first run; what it found is held by a test of its own beside the part that was mended. */
const cases: Array<SimulationOptions & { readonly found: string }> = [
  {
    seed: 1,
    hours: 6,
    followers: 20,
    found: 'an older copy of a rejected secret was sent to IBKR while Vault was away',
  },
  { seed: 2, hours: 6, followers: 20, found: 'a login was judged by a log that nobody could read' },
  {
    seed: 3,
    hours: 12,
    followers: 20,
    found: 'an engine that lost some answers went up and down without end',
  },
  { seed: 7, hours: 6, followers: 20, found: 'a launch of hours ago answered for a secret rejected since' },
  { seed: 9, hours: 12, followers: 20, found: 'an alert stayed open because its end could not be stored' },
  {
    seed: 5652805,
    hours: 24,
    followers: 20,
    choose: (all) => chosenOf(all, '57,68,76:64310,77:54667'),
    found: 'an alert that was read after its cause had been seen to be gone stayed open',
  },
]

for (const { found, ...options } of cases) {
  t.test(`seed ${options.seed}: ${found}`, async (t) => {
    const { violations, checks, last } = await simulate(options)
    t.strictSame(
      violations,
      [],
      violations.length > 0 ? last(40, violations[0]?.followerId).join('\n') : 'kept',
    )
    t.ok(checks > 1_000)
  })
}

t.test('a seed tells the same story to the byte', async (t) => {
  const options = { seed: 5, hours: 6, followers: 12 }
  const first = await simulate(options)
  const second = await simulate(options)
  t.equal(first.hash, second.hash)
  t.ok(first.traceLines > 100)
  const other = await simulate({ ...options, seed: 6 })
  t.not(other.hash, first.hash)
})

t.test('some of its happenings can be named and had again', async (t) => {
  const options = { seed: 5, hours: 6, followers: 4 }
  const { happenings } = await simulate(options)
  const some = happenings.filter((_, index) => index % 3 === 0)
  const text = chosenText(happenings, some)
  t.strictSame(chosenOf(happenings, text), some)
  const half = some.map((one) => ({ ...one, forMs: Math.round(one.forMs / 2) }))
  t.strictSame(chosenOf(happenings, chosenText(happenings, half)), half)
  t.throws(() => chosenOf(happenings, '99999'), RangeError)
  const again = await simulate({ ...options, choose: (all) => chosenOf(all, text) })
  t.strictSame(again.happenings, some)
})

t.test('a failure is shrunk to what it takes', async (t) => {
  const options = { seed: 5, hours: 6, followers: 4 }
  const whole = await simulate({ ...options, choose: (all) => all.slice(0, 40) })
  const [guilty, accomplice] = [whole.happenings[7], whole.happenings[31]]
  // Breaks when both come, whatever else does.
  const run: typeof simulate = async ({ choose }) => {
    const happenings = choose?.(whole.happenings) ?? whole.happenings
    const both = [guilty, accomplice].every((one) => happenings.some(({ at }) => at === one?.at))
    return { ...whole, happenings, violations: both ? [{ atMs: 1e12, what: 'broken' }] : [] }
  }
  const shrunk = await shrink(options, await run(options), 10, run)
  t.strictSame(
    shrunk.happenings.map(({ at }) => at),
    [guilty?.at, accomplice?.at],
  )
})
