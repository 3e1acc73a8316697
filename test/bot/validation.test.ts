// Validation: what has to hold, and that nothing may change while it is looked at.
import t from 'tap'
import { settle } from '../fake-clock.ts'
import { ACCOUNT, worldFor } from './order-world.ts'

t.test('a check that fails: its verdict is told', async (t) => {
  for (const kind of ['unresolved', 'refused', 'silent', 'no-accounts'] as const) {
    const world = await worldFor(t)
    world.check = async () => ({ ok: false, kind, detail: 'so it is' })
    t.match(await world.validate(), { ok: false, reason: 'check', detail: 'so it is', verdict: { kind } })
    t.equal(world.gateway.last.sent.length, 0, 'and nothing was asked of the session')
  }
})

t.test('without a session in order there is no check', async (t) => {
  const world = await worldFor(t)
  let checks = 0
  world.check = async () => {
    checks++
    return { ok: true, accounts: [ACCOUNT], roundTripMs: 1 }
  }
  world.gateway.last.notice(1100)
  t.match(await world.validate(), { ok: false, reason: 'session', detail: /no connection to IBKR/ })
  world.gateway.last.notice(1102)
  await world.session.disconnect()
  t.match(await world.validate(), { ok: false, reason: 'session', detail: /no connection/ })
  t.equal(checks, 0)
})

t.test('other accounts than those checked', async (t) => {
  const world = await worldFor(t)
  world.check = async () => ({ ok: true, accounts: ['DU9'], roundTripMs: 1 })
  t.match(await world.validate(), {
    ok: false,
    reason: 'accounts',
    detail: /sees DU1234567, the check saw DU9/,
  })
  world.check = async () => ({ ok: true, accounts: [ACCOUNT, 'DU9'], roundTripMs: 1 })
  t.match(await world.validate(), { ok: false, reason: 'accounts' })
})

t.test('of several accounts the one that was chosen, if the session and the check both see it', async (t) => {
  const world = await worldFor(t)
  world.gateway.behave = (connection) => connection.welcome(['DU1', 'DU2'], 1)
  await world.session.reconnect()
  const sees = (...accounts: string[]) => {
    world.check = async () => ({ ok: true, accounts, roundTripMs: 5 })
  }
  sees('DU1', 'DU2')
  t.match(await world.validate(), {
    ok: false,
    reason: 'accounts',
    detail: /several accounts and none was chosen: the trading session sees DU1, DU2/,
  })
  world.account = 'DU2'
  t.match(await world.validate(), {
    ok: true,
    validation: { account: 'DU2', accounts: ['DU1', 'DU2'], roundTripMs: 5, validatedAt: world.clock.now() },
  })
  sees('DU1')
  t.match(await world.validate(), { ok: false, detail: /^account DU2 is not there: .* the check saw DU1$/ })
  sees('DU2')
  world.gateway.behave = (connection) => connection.welcome(['DU1'], 1)
  await world.session.reconnect()
  t.match(await world.validate(), {
    ok: false,
    detail: /account DU2 is not there: the trading session sees DU1,/,
  })
  sees()
  world.account = undefined
  t.match(await world.validate(), {
    ok: false,
    detail: 'the trading session sees DU1, the check saw no account',
  })
})

t.test('what changes while it is being validated makes it fail', async (t) => {
  const changes = {
    'lost and restored': (world: Awaited<ReturnType<typeof worldFor>>) => {
      world.gateway.last.notice(1100)
      world.gateway.last.notice(1102)
    },
    'another connection': (world: Awaited<ReturnType<typeof worldFor>>) => world.session.reconnect(),
    'the gate was closed': (world: Awaited<ReturnType<typeof worldFor>>) => world.gate.close('why not'),
  }
  for (const [name, change] of Object.entries(changes)) {
    const duringCheck = await worldFor(t)
    duringCheck.check = async () => {
      await change(duringCheck)
      return { ok: true, accounts: [ACCOUNT], roundTripMs: 1 }
    }
    t.match(await duringCheck.validate(), { ok: false, reason: 'changed' }, `${name}, during the check`)

    const duringReconciliation = await worldFor(t)
    duringReconciliation.gateway.unanswered.add('openOrders')
    const outcome = duringReconciliation.validate()
    await settle()
    await change(duringReconciliation)
    await settle()
    duringReconciliation.gateway.connections[0]?.answer()
    t.match(await outcome, { ok: false, reason: 'changed' }, `${name}, during reconciliation`)
  }
})

t.test('a gateway that does not tell its orders is not validated', async (t) => {
  const world = await worldFor(t)
  world.gateway.unanswered.add('openOrders')
  const outcome = world.validate()
  await world.clock.advance(10_100)
  t.match(await outcome, { ok: false, reason: 'reconciliation', detail: /openOrders within 10000 ms/ })
})

t.test('a list of executions that never ends is waited for, and then done without', async (t) => {
  const world = await worldFor(t)
  world.gateway.unanswered.add('executions')
  const outcome = world.validate()
  await world.clock.advance(10_100)
  t.match(await outcome, { ok: true, validation: { accounts: [ACCOUNT], account: ACCOUNT } })
})
