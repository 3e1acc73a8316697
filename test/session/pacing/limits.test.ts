// IB's limits as a gateway counts them: never exceeded, whatever is asked when, and nearly used up when there is enough to ask.
import fc from 'fast-check'
import t from 'tap'
import { type Claim, Pacer, type PacingOptions, type Permit } from '../../../src/session/pacing/pacer.ts'
import { FakeClock, settle } from '../../fake-clock.ts'
import { history, message, objections, of, recorder, request } from './sendings.ts'

const noDelay: PacingOptions = { minRequestDelayMs: 0 }

const anyClaim: fc.Arbitrary<Claim> = fc
  .record({
    kind: fc.constantFrom('message', 'request', 'historical', 'historical', 'historical'),
    priority: fc.constantFrom('interactive' as const, 'outage' as const, 'background' as const),
    series: fc.integer({ min: 1, max: 4 }),
    question: fc.integer({ min: 1, max: 12 }),
    weight: fc.constantFrom(1 as const, 2 as const),
    smallBars: fc.boolean(),
  })
  .map(({ kind, priority, series, question, weight, smallBars }) => {
    if (kind !== 'historical') return of(kind === 'message' ? message : request, priority)
    const identity = `${series}/${question}/${weight}/${smallBars}`
    return history({ priority, weight, series: `series ${series} ${weight}`, identity, smallBars })
  })

const anyLoad = fc.array(
  fc.record({
    claim: anyClaim,
    /** After the one before; often at the same moment. */
    afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 5_000 })),
    openMs: fc.integer({ min: 0, max: 20_000 }),
    heartbeat: fc.constantFrom(false, false, false, true),
  }),
  { minLength: 1, maxLength: 200, size: 'max' },
)

for (const mode of ['strict', 'relaxed'] as const)
  t.test(
    `whatever is asked when, a gateway has nothing to object to, and all is sent: ${mode}`,
    async (t) => {
      const property = fc.asyncProperty(
        anyLoad,
        fc.constantFrom(0, 500),
        fc.array(fc.integer({ min: 0, max: 49 }), { minLength: 1 }),
        async (load, minRequestDelayMs, delaysMs) => {
          const clock = new FakeClock()
          const pacer = new Pacer(clock, { mode, minRequestDelayMs })
          const { sent, take } = recorder(pacer, clock)
          let open = 0
          let mostOpen = 0
          for (const { claim, afterMs, openMs, heartbeat } of load) {
            if (afterMs > 0) await clock.advance(afterMs)
            if (heartbeat) {
              pacer.record()
              sent.push({ claim: message, atMs: clock.monotonicMs() })
            }
            void take(claim).then((permit) => {
              if (claim.kind === 'historical') mostOpen = Math.max(mostOpen, ++open)
              clock.schedule(openMs, () => {
                open--
                permit.done('answered')
              })
            })
          }
          await clock.advance(4 * 3_600_000)
          const delay = delays(delaysMs)
          const problems = objections(sent, delay, mode === 'relaxed')
          const requests = sent.filter(({ claim }) => claim.kind !== 'message').map(({ atMs }) => atMs)
          for (const [i, atMs] of requests.entries())
            if (atMs - (requests[i - 1] ?? Number.NEGATIVE_INFINITY) < minRequestDelayMs)
              problems.push(`a request at ${atMs} ms came too soon`)
          if (mostOpen > 50) problems.push(`${mostOpen} open`)
          const asked = load.length + load.filter(({ heartbeat }) => heartbeat).length
          if (sent.length !== asked) problems.push(`${sent.length} of ${asked} were sent`)
          if (clock.pendingTimers > 0) problems.push('a timer was left behind')
          if (problems.length > 0) throw new Error(problems.join('\n'))
        },
      )
      await fc.assert(property, { numRuns: 60 })
      t.pass()
    },
  )

t.test('saturated, each limit is used to 90 % and more', async (t) => {
  const cases: Array<{
    name: string
    claims: Claim[]
    forMs: number
    allowed: number
    options?: PacingOptions
  }> = [
    { name: 'messages', claims: Array(900).fill(message), forMs: 10_000, allowed: 500 },
    {
      name: 'the delay between requests',
      claims: Array(100).fill(request),
      forMs: 20_000,
      allowed: 40,
      options: {},
    },
    { name: 'historical', claims: many(400), forMs: 3_600_000, allowed: 360 },
    { name: 'historical, BID_ASK', claims: many(400, { weight: 2 }), forMs: 3_600_000, allowed: 180 },
    { name: 'one series', claims: many(60, { series: 'one' }), forMs: 20_000, allowed: 50 },
    { name: 'identical', claims: many(30, { series: 'one', identity: 'one' }), forMs: 300_000, allowed: 20 },
  ]
  for (const { name, claims, forMs, allowed, options = noDelay } of cases) {
    const clock = new FakeClock()
    const { sent, take } = recorder(new Pacer(clock, options), clock)
    for (const claim of claims) void take(claim).then(({ done }) => done('answered'))
    await clock.advance(forMs - 1)
    t.ok(sent.length >= 0.9 * allowed, `${name}: ${sent.length} of ${allowed}`)
    t.ok(sent.length <= allowed || claims[0]?.kind === 'message', `${name}: not more`)
    t.strictSame(objections(sent), [], name)
  }
})

t.test('at most 50 historical requests are open, and each that ends lets another in', async (t) => {
  const clock = new FakeClock()
  const pacer = new Pacer(clock, { ...noDelay, mode: 'relaxed' })
  const { sent, take } = recorder(pacer, clock)
  const permits: Permit[] = []
  for (const claim of many(60)) void take(claim).then((permit) => permits.push(permit))
  void take(request)
  await clock.advance(10_000)
  t.equal(sent.length, 51, 'what is no historical request passes')
  t.match(pacer.stats(), { open: 50, queued: 10 })
  t.notOk('nextAdmission' in pacer.stats(), 'nobody knows when one is answered')
  t.equal(clock.pendingTimers, 0)
  for (const permit of permits.slice(0, 3)) {
    permit.done()
    permit.done('answered')
  }
  await settle()
  t.match(pacer.stats(), { open: 50, queued: 7 })
})

t.test('relaxed, only small bars are bound by the limits of time', async (t) => {
  const clock = new FakeClock()
  const { take, sent } = recorder(new Pacer(clock, { ...noDelay, mode: 'relaxed' }), clock)
  for (const claim of many(40, { series: 'one', identity: 'one' })) void take(claim)
  for (const claim of many(8, { series: 'one', smallBars: true })) void take(claim)
  await settle()
  t.equal(sent.length, 45)
})

function many(count: number, changes: Parameters<typeof history>[0] = {}): Claim[] {
  return Array.from({ length: count }, () => history(changes))
}

/** One delay after the other, again and again. */
function delays(delaysMs: readonly number[]): () => number {
  let next = 0
  return () => delaysMs[next++ % delaysMs.length] as number
}
