// The login budget: spent before a start, given back when nothing came of it, counted once, kept in the store.
import t from 'tap'
import { LoginBudget } from '../../../src/fleet/logins/login-budget.ts'
import { FleetError } from '../../../src/ports/errors.ts'
import type { LoginBudgetRecord, LoginBudgetStore } from '../../../src/ports/stores.ts'
import { FakeClock } from '../../fake-clock.ts'
import { follower } from '../looks.ts'

const minute = 60_000
const paper = follower()
const neighbour = follower({ id: 'neighbour' })
const live = follower({ tradingMode: 'live' })

function budgetOf(limits = { rejected: 3, starts: 6 }) {
  const records = new Map<string, LoginBudgetRecord>()
  let fails = false
  const store: LoginBudgetStore = {
    get: async (key) => records.get(key) ?? null,
    put: async (record) => {
      if (fails) throw new FleetError('STORE_UNAVAILABLE', 'no store')
      records.set(record.key, record)
    },
  }
  const fail = (now: boolean) => {
    fails = now
  }
  const clock = new FakeClock()
  const make = () =>
    new LoginBudget({
      store,
      clock,
      limits: {
        rejected: { limit: limits.rejected, windowMs: 1440 * minute },
        starts: { limit: limits.starts, windowMs: 15 * minute },
      },
    })
  return { clock, records, fail, budget: make(), again: make }
}

t.test('six starts in 15 min, over a restart of the manager, paper and live apart', async (t) => {
  const { budget, clock, again } = budgetOf()
  for (let i = 0; i < 6; i++) {
    await budget.check(paper, 'user', 'secret', null)
    await budget.spend(paper, 'user')
    await clock.advance(minute)
  }
  await t.rejects(budget.check(paper, 'user', 'secret', null), {
    code: 'LOGIN_BUDGET',
    message: /^6 gateway starts within 15 min.*2026-01-05T12:15:00/,
  })
  await t.rejects(again().check(paper, 'user', 'secret', null), { code: 'LOGIN_BUDGET' })
  await budget.check(live, 'user', 'secret', null)
  await budget.check(paper, 'other', 'secret', null)
  await clock.advance(9 * minute)
  await budget.check(paper, 'user', 'secret', null)
})

t.test('what came to nothing is given back, once', async (t) => {
  const { budget, clock, records } = budgetOf()
  await budget.spend(paper, 'user')
  await clock.advance(1)
  const spent = await budget.spend(paper, 'user')
  await spent.giveBack()
  await spent.giveBack()
  t.strictSame(records.get('user:paper')?.starts, [clock.now() - 1])
})

t.test('starts inside a container count once each, and tell when they are too many', async (t) => {
  const { budget, clock, records } = budgetOf()
  const told: boolean[] = []
  for (let i = 0; i < 7; i++) told.push(await budget.noteStart(paper, 'user', clock.now() + i))
  t.strictSame(told, [false, false, false, false, false, false, true])
  t.equal(await budget.noteStart(paper, 'user', clock.now()), false, 'a log read twice')
  t.equal(records.get('user:paper')?.starts.length, 7)
  await clock.advance(60 * minute)
  t.equal(await budget.noteStart(paper, 'user', clock.now() - 50 * minute), false, 'long ago')
  await budget.check(paper, 'user', 'secret', null)
})

t.test('three rejected logins in a day', async (t) => {
  const { budget, clock } = budgetOf()
  for (let i = 0; i < 3; i++) {
    await budget.check(paper, 'user', 'secret', null)
    budget.reject(paper, 'user', null, clock.now())
    await clock.advance(60 * minute)
  }
  await t.rejects(budget.check(paper, 'user', 'secret', null), {
    message: /^3 rejected logins within 1440 min/,
  })
  await clock.advance(21 * 60 * minute)
  await budget.check(paper, 'user', 'secret', null)
})

t.test('0 is off', async (t) => {
  const { budget, clock } = budgetOf({ rejected: 0, starts: 0 })
  for (let i = 0; i < 20; i++) {
    t.equal(await budget.noteStart(paper, 'user', clock.now() + i), false)
    budget.reject(paper, 'user', null, clock.now() + i)
  }
  await budget.check(paper, 'user', 'secret', null)
})

t.test('a wall clock that jumps back grants no login more, and nothing is lost', async (t) => {
  const { budget, clock, again } = budgetOf()
  for (let i = 0; i < 3; i++) budget.reject(paper, 'user', null, clock.now() - i)
  await budget.store()
  clock.jumpWallClock(-2 * 60 * minute)
  await t.rejects(budget.check(paper, 'user', 'secret', null), { code: 'LOGIN_BUDGET' })
  await t.rejects(again().check(paper, 'user', 'secret', null), { code: 'LOGIN_BUDGET' })
  clock.jumpWallClock(4 * 60 * minute)
  await t.rejects(budget.check(paper, 'user', 'secret', null), { code: 'LOGIN_BUDGET' })
  clock.jumpWallClock(1440 * minute)
  await budget.check(paper, 'user', 'secret', null)
})

t.test(
  'a secret that was rejected is not tried again for anyone with this username, until a person answers for it',
  async (t) => {
    const { budget, again, clock } = budgetOf()
    budget.reject(paper, 'user', 'wrong', clock.now())
    budget.reject(paper, 'user', 'older', clock.now() - minute)
    await budget.store()
    await budget.check(paper, 'user', 'another', null)
    await budget.check(paper, 'other', 'wrong', null)
    await t.rejects(again().check(neighbour, 'user', 'wrong', null), { code: 'CREDENTIALS_REJECTED' })
    const before = budget.check(neighbour, 'user', 'wrong', clock.now() - 1)
    await t.rejects(before, { code: 'CREDENTIALS_REJECTED' }, 'who asked before could not know')
    await budget.check(neighbour, 'user', 'wrong', clock.now())
    await budget.check(paper, 'user', 'wrong', null)
    await t.rejects(
      budget.check(paper, 'user', 'older', null),
      { code: 'CREDENTIALS_REJECTED' },
      'not for another one',
    )
  },
)

t.test('a rejection counts at once, and is written down when the store is back', async (t) => {
  const { budget, clock, records, fail, again } = budgetOf()
  fail(true)
  budget.reject(paper, 'user', 'wrong', clock.now())
  await t.rejects(budget.store(), { code: 'STORE_UNAVAILABLE' })
  await t.rejects(budget.check(neighbour, 'user', 'wrong', null), { code: 'CREDENTIALS_REJECTED' })
  fail(false)
  await budget.store()
  budget.reject(paper, 'user', 'wrong', clock.now())
  await budget.store()
  t.strictSame(records.get('user:paper')?.rejected, [clock.now()], 'told twice, counted once')
  await t.rejects(again().check(neighbour, 'user', 'wrong', null), { code: 'CREDENTIALS_REJECTED' })
})

t.test('of changes at the same time none is lost', async (t) => {
  const { budget, clock, records } = budgetOf()
  const spent = await budget.spend(paper, 'user')
  budget.reject(paper, 'user', 'wrong', clock.now())
  await Promise.all([
    budget.noteStart(paper, 'user', clock.now() - 1),
    budget.store(),
    spent.giveBack(),
    budget.noteStart(neighbour, 'user', clock.now() - 2),
  ])
  const { starts, rejected } = records.get('user:paper') ?? {}
  t.strictSame(starts, [clock.now() - 2, clock.now() - 1])
  t.strictSame(rejected, [clock.now()])
})
