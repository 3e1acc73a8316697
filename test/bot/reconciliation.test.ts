// Orders in doubt: what becomes of them when the gateway is asked, and that nothing is sent for their symbol before.
import t from 'tap'
import { settle } from '../fake-clock.ts'
import { buy, type OrderWorld, sell, worldFor } from './order-world.ts'

/** An order that was written and never acknowledged, on a connection that is gone. */
async function doubtfulOrder(world: OrderWorld, fate: OrderWorld['gateway']['fate']): Promise<string> {
  const pass = await world.opened()
  world.gateway.fate = fate
  const placed = await world.broker.place(pass, buy('SPY', 10))
  world.gateway.fate = 'working'
  world.gateway.last.drop()
  t.match(world.journal.order(placed.orderRef), { state: 'sent' })
  await world.clock.advance(2_000)
  t.equal(world.session.isConnected(), true)
  return placed.orderRef
}

t.test('IB has it: working', async (t) => {
  const world = await worldFor(t)
  const orderRef = await doubtfulOrder(world, 'silent')
  const found = await world.broker.reconcile()
  t.match(found, { working: [{ orderRef, state: 'working', said: 'Submitted' }], filled: [], ended: [] })
  t.ok((world.journal.order(orderRef)?.permId ?? 0) > 0)
})

t.test('IB filled it meanwhile: filled, and a position of this bot', async (t) => {
  const world = await worldFor(t)
  const orderRef = await doubtfulOrder(world, 'silent')
  const [open] = world.gateway.openOrders
  if (!open) throw new Error('nothing is open')
  world.gateway.openOrders = []
  world.gateway.executions = [4, 6].map((shares, index) => ({
    execId: `0001.${index}.01`,
    orderId: open.orderId,
    clientId: open.clientId,
    permId: open.permId,
    orderRef,
    account: open.order.account,
    contract: { ...open.contract, conId: 756733 },
    side: 'BOT',
    shares,
    price: 100,
  }))
  t.match(await world.broker.reconcile(), { filled: [{ orderRef, filled: 10 }], working: [], ended: [] })
  t.equal(world.journal.ownPosition(open.order.account, { symbol: 'SPY' }), 10)
})

t.test('IB has never seen it: asked for twice, and then not there', async (t) => {
  const world = await worldFor(t)
  const orderRef = await doubtfulOrder(world, 'lost')
  const reconciling = world.broker.reconcile()
  await settle()
  t.match(world.journal.order(orderRef), { state: 'sent' }, 'it may still be on its way')
  await world.clock.advance(1_000)
  t.match(await reconciling, { ended: [{ orderRef, said: 'never arrived' }] })
  const asked = world.gateway.last.sent.filter((line) => line === 'openOrders')
  t.equal(asked.length, 2)
})

t.test('one that arrives within the grace is found', async (t) => {
  const world = await worldFor(t)
  const orderRef = await doubtfulOrder(world, 'silent')
  const { openOrders } = world.gateway
  world.gateway.openOrders = []
  const reconciling = world.broker.reconcile()
  await settle()
  world.gateway.openOrders = openOrders
  await world.clock.advance(1_000)
  t.match(await reconciling, { working: [{ orderRef }], ended: [] })
})

t.test('one that turns up even later is taken in', async (t) => {
  const world = await worldFor(t)
  const orderRef = await doubtfulOrder(world, 'silent')
  const [open] = world.gateway.openOrders
  world.gateway.openOrders = []
  const reconciling = world.broker.reconcile()
  await world.clock.advance(1_000)
  t.match(await reconciling, { ended: [{ orderRef }] })
  if (open) world.gateway.last.orderEvent({ kind: 'open-order', ...open })
  t.match(world.journal.order(orderRef), { state: 'working' })
})

t.test('one that worked and is gone without a fill has ended', async (t) => {
  const world = await worldFor(t)
  const pass = await world.opened()
  const { orderRef } = await world.broker.place(pass, buy('SPY', 10))
  await settle()
  t.match(world.journal.order(orderRef), { state: 'working' })
  world.gateway.openOrders = []
  world.gateway.last.drop()
  await world.clock.advance(2_000)
  const reconciling = world.broker.reconcile()
  await world.clock.advance(1_000)
  t.match(await reconciling, { ended: [{ orderRef, said: 'no longer there' }] })
})

t.test('a gateway that does not tell leaves the doubt, and the gate closed', async (t) => {
  const world = await worldFor(t)
  const orderRef = await doubtfulOrder(world, 'silent')
  world.gateway.unanswered.add('openOrders')
  const outcome = world.validate()
  await world.clock.advance(10_100)
  t.match(await outcome, { ok: false, reason: 'reconciliation' })
  t.match(world.journal.order(orderRef), { state: 'sent' })
  world.gateway.unanswered.clear()
  const pass = await world.opened()
  t.match(world.journal.order(orderRef), { state: 'working' })
  t.match(await world.broker.place(pass, buy('SPY', 1)), { outcome: 'sent' })
})

t.test('until it is acknowledged, nothing else is sent for its symbol', async (t) => {
  const world = await worldFor(t)
  const pass = await world.opened()
  world.gateway.fate = 'silent'
  const first = await world.broker.place(pass, buy('SPY', 10))
  const refused = { code: 'ORDER_REFUSED', message: new RegExp(`${first.orderRef} .*not acknowledged`) }
  await t.rejects(world.broker.place(pass, buy('SPY', 1)), refused)
  await t.rejects(world.broker.place(pass, sell('SPY', 1)), refused)
  t.match(await world.broker.place(pass, buy('QQQ', 1)), { outcome: 'sent' }, 'others are not held up')
  const [open] = world.gateway.openOrders
  if (open) world.gateway.last.orderEvent({ kind: 'open-order', ...open })
  t.match(await world.broker.place(pass, buy('SPY', 1)), { outcome: 'sent' })
})

t.test('after a crash of the bot the doubt is on disk', async (t) => {
  const world = await worldFor(t)
  const pass = await world.opened()
  world.gateway.fate = 'lost'
  const { orderRef } = await world.broker.place(pass, buy('SPY', 10))
  const again = await worldFor(t, { file: world.file })
  t.match(again.journal.order(orderRef), { state: 'sent' })
  const validating = again.validate()
  await again.clock.advance(1_000)
  t.match(await validating, { ok: true })
  t.match(again.journal.order(orderRef), { state: 'ended' })
})
