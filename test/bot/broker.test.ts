// The broker: what becomes an order and what does not, and what is known of it afterwards.
import t from 'tap'
import type { OrderIntent } from '../../src/bot/intents.ts'
import type { IbOrder } from '../../src/ports/ib.ts'
import { settle } from '../fake-clock.ts'
import { ACCOUNT, buy, type OrderWorld, sell, worldFor } from './order-world.ts'

const refused = { code: 'ORDER_REFUSED' }
const closed = { code: 'ORDER_GATE_CLOSED' }

function hold(world: OrderWorld, symbol: string, position: number): void {
  const contract = { symbol, secType: 'STK', currency: 'USD', conId: 1 }
  world.gateway.positions.push({ account: ACCOUNT, contract, position, avgCost: 100 })
}

t.test('an order is on disk before it is sent', async (t) => {
  const world = await worldFor(t)
  const pass = await world.opened()
  let onDisk: string[] = []
  world.gateway.onOrder = () => {
    onDisk = [...world.file.lines]
  }
  const placed = await world.broker.place(
    pass,
    buy('SPY', 3, { orderType: 'LMT', lmtPrice: 580.5, tif: 'GTC' }),
  )
  t.match(JSON.parse(onDisk.at(-1) ?? ''), {
    kind: 'intent',
    dryRun: false,
    orderRef: placed.orderRef,
    orderId: 1,
    account: ACCOUNT,
    contract: { symbol: 'SPY', secType: 'STK', exchange: 'SMART', currency: 'USD' },
    quantity: 3,
    lmtPrice: 580.5,
    tif: 'GTC',
  })
  await settle()
  t.match(world.broker.orders(), [{ orderRef: placed.orderRef, state: 'working', said: 'Submitted' }])
})

t.test('IB gets the prices that belong to the type of the order, and no others', async (t) => {
  const world = await worldFor(t)
  const pass = await world.opened()
  const prices = { lmtPrice: 99.5, auxPrice: 98.25 }
  const expected = { MKT: {}, LMT: { lmtPrice: 99.5 }, STP: { auxPrice: 98.25 }, 'STP LMT': prices }
  for (const [orderType, wanted] of Object.entries(expected)) {
    let sent = {} as IbOrder
    const take = world.gateway.take.bind(world.gateway)
    world.gateway.take = (connection, orderId, contract, order) => {
      sent = order
      take(connection, orderId, contract, order)
    }
    await world.broker.place(
      pass,
      buy('SPY', 1, { orderType: orderType as OrderIntent['orderType'], ...prices }),
    )
    await settle()
    const { lmtPrice, auxPrice, ...rest } = sent
    t.match(rest, { action: 'BUY', totalQuantity: 1, orderType, tif: 'DAY', account: ACCOUNT })
    t.strictSame(JSON.parse(JSON.stringify({ lmtPrice, auxPrice })), wanted, orderType)
  }
})

t.test('a full disk: nothing is sent', async (t) => {
  const world = await worldFor(t)
  const pass = await world.opened()
  await world.broker.account(ACCOUNT)
  world.file.full = true
  await t.rejects(world.broker.place(pass, buy('SPY')), refused)
  world.file.full = false
  t.match(await world.broker.place(pass, buy('SPY')), { outcome: 'sent', orderId: 2 })
  t.strictSame(world.gateway.placed, ['1: place 2 BUY 1'])
})

t.test('a dry run: the same gate, limits and journal, and nothing is written', async (t) => {
  const world = await worldFor(t, { dryRun: true })
  const pass = await world.opened()
  const placed = await world.broker.place(pass, buy('SPY', 100))
  t.equal(placed.outcome, 'dry-run')
  t.match(world.broker.orders(), [{ orderRef: placed.orderRef, state: 'dry-run' }])
  await t.rejects(world.broker.place(pass, buy('SPY', 101)), refused)
  await t.rejects(world.broker.place(pass, sell('SPY')), refused)
  world.file.full = true
  await t.rejects(world.broker.place(pass, buy('SPY', 1)), refused)
  world.file.full = false
  world.gate.close('why not')
  await t.rejects(world.broker.place(pass, buy('SPY', 1)), closed)
  t.strictSame(world.gateway.placed, [])
})

t.test(
  'a gate that shuts while the order is written down lets none out, and none out of a dry run',
  async (t) => {
    for (const dryRun of [false, true]) {
      const world = await worldFor(t, { dryRun })
      const pass = await world.opened()
      await world.broker.account(ACCOUNT)
      const append = world.file.append.bind(world.file)
      world.file.append = async (lines) => {
        await append(lines)
        if (lines.some((line) => line.includes('"intent"'))) world.gate.close('while it was written down')
      }
      await t.rejects(world.broker.place(pass, buy('SPY')), closed)
      t.match(world.broker.orders(), [{ state: 'unsent' }])
      t.strictSame(world.gateway.placed, [])
    }
  },
)

t.test('orders that were thought of at once count each other', async (t) => {
  const world = await worldFor(t)
  const pass = await world.opened()
  const placed = await Promise.allSettled(
    [60, 60, 40].map((units) => world.broker.place(pass, buy('SPY', units))),
  )
  const sent = world.gateway.placed.map((line) => Number(line.split(' ').at(-1)))
  t.ok(sent.reduce((sum, units) => sum + units, 0) <= 100, `${sent}`)
  t.ok(placed.some(({ status }) => status === 'fulfilled'))
})

t.test('limits hold against working orders, fills and positions', async (t) => {
  const world = await worldFor(t)
  hold(world, 'SPY', 30)
  const pass = await world.opened()
  await world.broker.place(pass, buy('SPY', 50))
  await settle()
  await t.rejects(world.broker.place(pass, buy('SPY', 21)), { ...refused, message: /max_single_position/ })
  world.limits = undefined
  await t.rejects(world.broker.place(pass, buy('SPY', 1)), { ...refused, message: /No gameplan/ })
  t.match(await world.broker.place(pass, sell('SPY', 30)), { outcome: 'sent' })
  await settle()
  await t.rejects(world.broker.place(pass, sell('SPY', 1)), { ...refused, message: /in orders that work/ })
})

t.test('a fill counts at once, whether or not IB has told the position yet', async (t) => {
  const world = await worldFor(t)
  const pass = await world.opened()
  world.gateway.fate = 'filled'
  await world.broker.place(pass, buy('SPY', 60))
  world.gateway.positions = []
  await settle()
  await t.rejects(world.broker.place(pass, buy('SPY', 41)), refused)
  await t.rejects(world.broker.place(pass, sell('SPY', 60)), { ...refused, message: /no certain position/ })
  hold(world, 'SPY', 60)
  await world.clock.advance(6_000)
  t.match(await world.broker.place(pass, sell('SPY', 60)), { outcome: 'sent' })
  await settle()
  await world.clock.advance(6_000)
  world.gateway.positions = []
  t.strictSame(await world.broker.positions(ACCOUNT), [])
  t.equal(world.journal.ownPosition(ACCOUNT, { symbol: 'SPY' }), 0)
})

t.test("the day's loss is measured from its first total, and kept", async (t) => {
  const world = await worldFor(t)
  const pass = await world.opened()
  await world.broker.account(ACCOUNT)
  world.gateway.netLiquidation = 89_000
  await world.clock.advance(6_000)
  await t.rejects(world.broker.place(pass, buy('SPY')), { ...refused, message: /loss of 11.00 %/ })
  t.match(world.broker.lastAccount(ACCOUNT), { netLiquidation: 89_000, openingNetLiquidation: 100_000 })
  const restarted = await worldFor(t, { file: world.file })
  restarted.gateway.netLiquidation = 89_000
  await t.rejects(restarted.broker.place(await restarted.opened(), buy('SPY')), refused)
  world.gateway.netLiquidation = undefined
  await world.clock.advance(6_000)
  await t.rejects(world.broker.place(pass, buy('SPY')), { ...refused, message: /loss is not known/ })
})

t.test("positions tell which part of them is this bot's own", async (t) => {
  const world = await worldFor(t)
  hold(world, 'AAPL', 7)
  const pass = await world.opened()
  world.gateway.fate = 'filled'
  await world.broker.place(pass, buy('SPY', 10))
  await settle()
  await world.broker.place(pass, buy('AAPL', 5))
  await settle()
  const own = async () =>
    Object.fromEntries(
      (await world.broker.positions(ACCOUNT)).map(({ contract, position, own }) => [
        contract.symbol,
        [position, own],
      ]),
    )
  t.strictSame(await own(), { SPY: [10, 10], AAPL: [12, 5] })
  world.gateway.positions = world.gateway.positions.map((held) =>
    held.contract.symbol === 'SPY' ? { ...held, position: 4 } : { ...held, position: -3 },
  )
  t.strictSame(await own(), { SPY: [4, 4], AAPL: [-3, 0] }, 'somebody else sold')
  t.match(world.broker.lastAccount(ACCOUNT)?.positions.length, 2)
})

t.test('a refusal ends an order, a warning does not, and ids are never used again', async (t) => {
  const world = await worldFor(t)
  const pass = await world.opened()
  world.gateway.fate = 'silent'
  const placed = await world.broker.place(pass, buy('SPY'))
  if (placed.outcome !== 'sent') throw new Error('not sent')
  world.gateway.last.notice(399, 'Order will be held until the open', placed.orderId)
  t.match(world.journal.order(placed.orderRef), { state: 'sent' })
  world.gateway.last.notice(201, 'Order rejected - reason:no funds', placed.orderId)
  t.match(world.journal.order(placed.orderRef), { state: 'ended', said: /\[201\] Order rejected/ })
  world.gateway.fate = 'working'
  const next = await world.broker.place(pass, buy('SPY'))
  t.match(next, { orderId: placed.orderId + 1 })
  await settle()
  world.gateway.last.notice(10148, 'cannot be cancelled', placed.orderId + 1)
  t.match(world.journal.order(next.orderRef), { state: 'working' })
})

t.test('cancels its own orders, through the gate', async (t) => {
  const world = await worldFor(t)
  const pass = await world.opened()
  const { orderRef } = await world.broker.place(pass, buy('SPY'))
  await settle()
  await world.broker.cancel(pass, orderRef)
  t.ok(world.gateway.last.sent.includes('cancel 1'))
  await t.rejects(world.broker.cancel(pass, 'ibgm-bot:other:1'), refused)
  world.gateway.fate = 'filled'
  const filled = await world.broker.place(pass, buy('AAPL'))
  await settle()
  await t.rejects(world.broker.cancel(pass, filled.orderRef), { ...refused, message: /no order .* at work/ })
  world.gate.close('why not')
  await t.rejects(world.broker.cancel(pass, orderRef), closed)
})

t.test(
  'an order that waits for the message rate is not sent once the gate has shut, nor after a limit has changed',
  async (t) => {
    const world = await worldFor(t)
    const pass = await world.opened()
    await world.broker.account(ACCOUNT)
    const waiting = async (happens: () => void, error: { readonly code: string }) => {
      for (let sent = 0; sent < 50; sent++) world.pacer.record()
      const placing = world.broker.place(world.gate.pass() ?? pass, buy('SPY'))
      const rejected = t.rejects(placing, error)
      await settle()
      happens()
      await world.clock.advance(1_500)
      await rejected
    }
    await waiting(() => {
      world.limits = undefined
    }, refused)
    world.limits = { max_daily_loss_pct: 0.1, max_single_position: 100 }
    await waiting(() => world.gateway.last.notice(1100), closed)
    world.gateway.last.notice(1102)
    const again = await world.opened()
    t.not(again, pass)
    await waiting(
      () => {
        world.gateway.last.drop()
      },
      { code: 'CONNECTION_CLOSED' },
    )
    t.strictSame(world.gateway.placed, [])
    t.strictSame(
      world.broker.orders().map(({ state }) => state),
      ['unsent', 'unsent', 'unsent'],
    )
  },
)

t.test('who waits no longer gets no order', async (t) => {
  const world = await worldFor(t)
  const pass = await world.opened()
  await world.broker.account(ACCOUNT)
  const waiting = new AbortController()
  const placing = world.broker.place(pass, buy('SPY'), waiting.signal)
  waiting.abort(new Error('too late'))
  await t.rejects(placing, { message: 'too late' })
  t.strictSame(world.gateway.placed, [])
})
