// The order gate: what opens it, and that every trouble shuts it in the turn in which it is known.
import t from 'tap'
import { GatePass } from '../../src/bot/order-gate.ts'
import { Validation } from '../../src/bot/validation.ts'
import { ACCOUNT, buy, type OrderWorld, worldFor } from './order-world.ts'

const closed = { code: 'ORDER_GATE_CLOSED' }

async function validated(world: OrderWorld): Promise<Validation> {
  const outcome = await world.validate()
  if (!outcome.ok) throw new Error(outcome.detail)
  return outcome.validation
}

t.test('nothing is validated at first, and there is no pass', async (t) => {
  const { gate } = await worldFor(t)
  t.equal(gate.isOpen, false)
  t.equal(gate.pass(), null)
  t.match(gate.reason, /nothing has been validated/)
})

t.test('a validation opens it, and orders pass', async (t) => {
  const world = await worldFor(t)
  const pass = await world.opened()
  t.match(pass, { connectionId: 1, account: ACCOUNT })
  t.match(await world.broker.place(pass, buy('SPY')), { outcome: 'sent', orderId: 1 })
  t.strictSame(world.gateway.placed, ['1: place 1 BUY 1'])
})

t.test('what only looks like a validation, or a pass, opens nothing', async (t) => {
  const world = await worldFor(t)
  const genuine = await validated(world)
  const copies = [
    { ...genuine },
    Object.create(Validation.prototype),
    Object.assign(Object.create(Validation.prototype), genuine),
    structuredClone({ ...genuine }),
  ]
  for (const copy of copies) t.throws(() => world.gate.open(copy as Validation), closed)
  world.gate.open(genuine)
  const pass = world.gate.pass() as GatePass
  for (const copy of [{ ...pass }, Object.assign(Object.create(GatePass.prototype), pass)]) {
    t.throws(() => world.gate.admit(copy as GatePass), closed)
    await t.rejects(world.broker.place(copy as GatePass, buy('SPY')), closed)
  }
  t.throws(() => Object.assign(pass, { connectionId: 2 }), TypeError)
  t.strictSame(world.gateway.placed, [])
})

t.test('a validation is good once, for its own gate, and not for long', async (t) => {
  const world = await worldFor(t)
  const other = await worldFor(t)
  t.throws(() => world.gate.open({} as Validation), closed)
  const theirs = await validated(other)
  t.throws(() => world.gate.open(theirs), closed, 'of another gate')
  const mine = await validated(world)
  world.gate.open(mine)
  t.throws(() => world.gate.open(mine), { ...closed, message: /used before/ })
  world.gate.close('for this test')
  t.throws(() => world.gate.open(mine), closed, 'used')
  const late = await validated(world)
  await world.clock.advance(31_000)
  t.throws(() => world.gate.open(late), { ...closed, message: /too old/ })
})

t.test('a validation does not survive whatever happens before it is used', async (t) => {
  const world = await worldFor(t)
  const between: Array<(world: OrderWorld) => void | Promise<void>> = [
    ({ gateway }) => gateway.last.notice(1100),
    ({ gateway }) => gateway.last.notice(1102),
    ({ gate }) => gate.close('a check failed'),
    ({ session }) => session.reconnect(),
  ]
  for (const happens of between) {
    const validation = await validated(world)
    await happens(world)
    t.throws(() => world.gate.open(validation), closed, String(happens))
    world.gateway.last.notice(1102)
  }
  await world.opened()
})

const troubles: Record<string, (world: OrderWorld) => void> = {
  'the connection is lost': ({ gateway }) => gateway.last.drop(),
  1100: ({ gateway }) => gateway.last.notice(1100),
  2110: ({ gateway }) => gateway.last.notice(2110),
  1300: ({ gateway }) => gateway.last.notice(1300, 'port changed'),
  '1101 without a 1100': ({ gateway }) => gateway.last.notice(1101),
  'we reconnect': ({ session }) => void session.reconnect(),
  'we disconnect': ({ session }) => void session.disconnect(),
  'a check fails': ({ gate }) => gate.close('the check failed'),
  'a restart is near': ({ gate, clock }) => gate.closeAt(clock.now() + 59_000),
}
for (const [name, happens] of Object.entries(troubles))
  t.test(`shut in the same turn, and told: ${name}`, async (t) => {
    const world = await worldFor(t)
    const pass = await world.opened()
    const told: string[] = []
    world.gate.onClose((reason) => told.push(reason))
    happens(world)
    // A session closes its connection a turn after it has begun to.
    if (name.startsWith('we ')) await Promise.resolve()
    t.equal(world.gate.isOpen, false)
    t.equal(world.gate.pass(), null)
    t.equal(told.length, 1, 'once')
    t.throws(() => world.gate.admit(pass), closed)
    await t.rejects(world.broker.place(pass, buy('SPY')), closed)
    world.gate.close('again')
    t.equal(told.length, 1, 'closing again tells nobody')
    t.strictSame(world.gateway.placed, [])
  })

t.test('one mark is left on a connection that stands, none on one that is gone', async (t) => {
  const world = await worldFor(t)
  const marks = () =>
    world.gateway.connections.map(({ sent }) => sent.filter((line) => line === 'mark').length)
  await world.opened()
  world.gateway.last.notice(1100)
  world.gateway.last.notice(1100)
  world.gate.close('again')
  t.strictSame(marks(), [1])
  world.gateway.last.notice(1102)
  await world.opened()
  await world.session.reconnect()
  t.strictSame(marks(), [2, 0], 'we ended it ourselves: marked before')
  await world.opened()
  world.gateway.last.drop()
  t.strictSame(marks(), [2, 0])
})

t.test('a mark that cannot be written keeps the gate from nothing', async (t) => {
  const world = await worldFor(t)
  await world.opened()
  const told: string[] = []
  world.gate.onClose((reason) => told.push(reason))
  world.gateway.last.mark = () => {
    throw new Error('broken')
  }
  await world.session.reconnect()
  t.equal(told.length, 1)
  t.equal(world.session.isConnected(), true)
})

t.test('a late heartbeat shuts it before the connection is given up', async (t) => {
  const world = await worldFor(t)
  const pass = await world.opened()
  world.gateway.last.answering = false
  await world.clock.advance(20_100)
  t.equal(world.session.isConnected(), true)
  t.equal(world.gate.isOpen, false)
  t.throws(() => world.gate.admit(pass), {
    ...closed,
    message: /late to answer a heartbeat|another time|earlier/,
  })
})

t.test('time alone shuts it: a process that stood still writes nothing when it wakes', async (t) => {
  const world = await worldFor(t)
  const pass = await world.opened()
  // No timer runs, as in a process that is stopped.
  const { monotonicMs } = world.clock
  world.clock.monotonicMs = () => monotonicMs.call(world.clock) + 60_000
  t.equal(world.gate.isOpen, true, 'nobody has noticed')
  t.throws(() => world.gate.admit(pass), { ...closed, message: /not answered for too long/ })
  t.equal(world.gate.isOpen, false)
  world.clock.monotonicMs = monotonicMs
})

t.test(
  'a planned restart: shut 60 s before, whatever the clocks do, open again on the connection after it',
  async (t) => {
    const world = await worldFor(t)
    const { gate, clock } = world
    const pass = await world.opened()
    const at = clock.now() + 615_000
    gate.closeAt(at)
    await clock.advance(554_999)
    t.equal(gate.isOpen, true)
    await clock.advance(1)
    t.equal(gate.isOpen, false)
    t.match(gate.reason, /to restart at 2026-01-05T15:10:15/)
    t.match(await world.validate(), { ok: false, reason: 'session', detail: /to restart/ })
    await clock.advance(61_000)
    t.match(await world.validate(), { ok: false }, 'it has not come yet')
    await world.session.reconnect()
    await world.opened()

    gate.closeAt(clock.now() + 600_000)
    const again = gate.pass() as GatePass
    clock.jumpWallClock(545_000)
    t.throws(() => gate.admit(again), closed, 'the wall clock jumped, no timer ran')
    gate.closeAt(undefined)
    await world.opened()
    t.not(gate.pass(), pass)
  },
)

t.test(
  'a restart that has come near since the validation keeps the gate shut, although nothing told of it',
  async (t) => {
    const world = await worldFor(t)
    world.gate.closeAt(world.clock.now() + 600_000)
    const validation = await validated(world)
    world.clock.jumpWallClock(545_000)
    t.throws(() => world.gate.open(validation), { ...closed, message: /is to restart at/ })
    t.equal(world.gate.pass(), null)
  },
)

t.test('a restart that is called off, and one that is put off, close nothing', async (t) => {
  const world = await worldFor(t)
  const { gate, clock } = world
  const pass = await world.opened()
  const timers = clock.pendingTimers
  gate.closeAt(clock.now() + 600_000)
  gate.closeAt(clock.now() + 86_400_000)
  t.equal(clock.pendingTimers, timers + 1)
  await clock.advance(900_000)
  gate.admit(pass)
  gate.closeAt(undefined)
  t.equal(clock.pendingTimers, timers)
})

t.test('a bot that stops shuts it for good', async (t) => {
  const world = await worldFor(t)
  const { gate, clock } = world
  const pass = await world.opened()
  const told: string[] = []
  gate.onClose((reason) => told.push(reason))
  gate.closeAt(clock.now() + 600_000)
  gate.stop()
  t.throws(() => gate.admit(pass), closed)
  t.strictSame(told, ['the bot is stopping'])
  const { era } = gate
  world.gateway.last.notice(1100)
  t.equal(gate.era, era, 'nothing is watched any more')
  await world.session.disconnect()
  t.equal(clock.pendingTimers, 0)
})

t.test('a machine that has slept writes nothing when it wakes', async (t) => {
  const world = await worldFor(t)
  const pass = await world.opened()
  await world.clock.advance(600_000)
  world.gate.admit(pass)
  world.clock.jumpWallClock(20_000)
  world.gate.admit(pass)
  world.clock.jumpWallClock(3_600_000)
  t.throws(() => world.gate.admit(pass), { ...closed, message: /jumped by 3620 s/ })
  t.equal(world.gate.isOpen, false)
  world.gate.admit(await world.opened())
})

t.test('a pass of an earlier connection is refused, and shuts nothing', async (t) => {
  const world = await worldFor(t)
  const old = await world.opened()
  await world.session.reconnect()
  const pass = await world.opened()
  t.throws(() => world.gate.admit(old), { ...closed, message: /of an earlier time/ })
  world.gate.admit(pass)
})

t.test('a listener that fails keeps nobody from being told', async (t) => {
  const world = await worldFor(t)
  await world.opened()
  const told: string[] = []
  world.gate.onClose(() => {
    throw new Error('broken')
  })
  world.gate.onClose((reason) => told.push(reason))
  world.gate.close('why not')
  t.strictSame(told, ['why not'])
})
