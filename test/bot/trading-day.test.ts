// The bot through a trading day: closed markets, strategies that fail, and orders that nobody has acknowledged.
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type BotOrder, OrderJournal } from '../../src/bot/order-journal.ts'
import { until } from '../fleet/world.ts'
import { type BotWorld, botWorld, ordersAt, saturday } from './bot-world.ts'
import { silentLog } from './moment.ts'
import { inOrder } from './running-bot.ts'

const operational = 'Bot operational, Gateway validated'
const buys = (quantity: number) =>
  `{ symbol: 'SPY', action: 'BUY', quantity: ${quantity}, orderType: 'MKT', effect: 'open' }`
const buysOnce = `return turn === 1 ? [${buys(2)}] : []`

t.test('outside market hours nothing is sent, and the line says when the open is', async (t) => {
  const world = await botWorld(t, { at: saturday, speed: 10 })
  const gateway = await world.startGateway({ fills: 'any-hour' })
  await world.writeGameplan()
  const bot = await world.startBot({
    env: { DRY_RUN: 'false', STRATEGY_MODULES: await world.strategy('B', `return [${buys(1)}]`) },
  })
  await bot.heard(operational)
  t.match((await bot.heard('Outside market hours, waiting for the open')).fields, {
    nextOpen: '2026-03-23T13:30:00.000Z',
  })
  await bot.heard('Gateway check passed', 4)
  t.strictSame(ordersAt(gateway), [])
  t.equal(bot.count('Order sent'), 0)
  t.equal(bot.count('Outside market hours, waiting for the open'), 1, 'said once')
  world.clock.jumpWallClock(Date.UTC(2026, 2, 23, 13, 31) - world.clock.now())
  await world.writeGameplan()
  await bot.heard('Market open, trading loop runs')
  await until(
    () => ordersAt(gateway),
    ([order]) => order === 'BUY 1 SPY',
    'the order has arrived',
  )
})

/** What a bot that starts now would know of its orders. */
async function journaled(t: Test, { dir, clock }: BotWorld): Promise<readonly BotOrder[]> {
  const journal = await OrderJournal.open({ dir: join(dir, 'state'), clock, log: silentLog })
  t.teardown(() => journal.close())
  return journal.orders()
}

const failures = {
  throws: "throw new Error('no idea')",
  hangs: 'for (;;) {}',
  'answers nonsense': "return 'buy'",
  'ends its thread': 'process.exit(3)',
}

for (const [what, body] of Object.entries(failures))
  t.test(`a strategy that ${what} is replaced by C, and the bot goes on`, async (t) => {
    const world = await botWorld(t)
    const gateway = await world.startGateway()
    await world.writeGameplan()
    const bot = await world.startBot({
      env: {
        DRY_RUN: 'false',
        STRATEGY_MODULES: await world.strategy('B', `if (turn > 1) { ${body} } return [${buys(2)}]`),
      },
    })
    await bot.filled('SPY', 2)
    t.match((await bot.heard('Strategy failed, replaced by Strategy C')).fields, { strategy: 'C', why: /B/ })
    await bot.heard('Gateway check passed', bot.count('Gateway check passed') + 1)
    t.equal(await bot.healthStatus(), 200)
    t.equal(bot.bot.health().strategyActive, 'C')
    t.strictSame(ordersAt(gateway), ['BUY 2 SPY'], 'and nothing is closed for it')
    t.equal(await bot.stop(), 0)
  })

for (const fault of ['order-silent', 'order-delay'] as const)
  t.test(
    `a gateway killed between an order and its acknowledgement [${fault}]: reconciled before anything else is sent`,
    async (t) => {
      const world = await botWorld(t)
      const first = await world.startGateway()
      await world.writeGameplan()
      const bot = await world.startBot({
        env: {
          DRY_RUN: 'false',
          STRATEGY_MODULES: await world.strategy('B', `return turn < 4 ? [${buys(2)}] : []`),
        },
      })
      first.fault(fault, ...(fault === 'order-delay' ? ['600000'] : []))
      const sent = await bot.heard('Order sent')
      await until(
        () => world.held('SPY'),
        (units) => units === 2,
        'filled at IBKR',
      )
      t.match((await bot.heard('Order refused')).fields, {
        code: 'ORDER_REFUSED',
        reason: /was sent and not acknowledged yet/,
      })
      t.strictSame(ordersAt(first), ['BUY 2 SPY'], 'nothing else for it while it is in doubt')
      await world.crash(first)
      await bot.toldAs('CRITICAL: Gateway connection lost, Strategy C active')
      const second = await world.startGateway()
      const { fields } = await bot.heard('orders reconciled')
      t.match(fields.orders, [{ orderRef: sent.fields.orderRef, state: 'filled' }])
      await bot.heard('Strategy C has nothing left to close, the gameplan counts again')
      t.strictSame(ordersAt(second), ['SELL 2 SPY'])
      t.ok(
        inOrder(
          second.requests.map(({ name }) => name),
          ['reqAllOpenOrders', 'reqExecutions', 'placeOrder'],
        ),
      )
      const placed = second.requests.find(({ name }) => name === 'placeOrder')
      const asked = second.requests.filter(({ name }) => name === 'reqExecutions')
      t.ok(
        asked.some(
          ({ connection, sequence }) =>
            connection === placed?.connection && sequence < (placed?.sequence ?? 0),
        ),
      )
      t.equal(world.held('SPY'), 0)
      t.equal(await bot.stop(), 0)
      const orders = await journaled(t, world)
      t.match(orders, [
        { orderRef: sent.fields.orderRef, action: 'BUY', state: 'filled', filled: 2, clientId: 1 },
        { action: 'SELL', state: 'filled', filled: 2, clientId: 1 },
      ])
      t.ok(
        orders.every(({ permId }) => permId > 0),
        'each has the id that IBKR gave it',
      )
    },
  )

t.test('a bot that ended with an order in doubt knows after its restart what became of it', async (t) => {
  const world = await botWorld(t)
  const gateway = await world.startGateway()
  await world.writeGameplan()
  const env = { DRY_RUN: 'false', STRATEGY_MODULES: await world.strategy('B', buysOnce) }
  const first = await world.startBot({ env })
  gateway.fault('order-silent')
  const sent = await first.heard('Order sent')
  await until(
    () => world.held('SPY'),
    (units) => units === 2,
    'filled at IBKR',
  )
  t.equal(await first.stop(), 0)
  t.match(await first.heard('Bot stopping, positions and working orders are left as they are'), {
    level: 'info',
  })
  gateway.fault('clear')
  t.equal(world.held('SPY'), 2)

  const second = await world.startBot({
    env: { ...env, STRATEGY_MODULES: await world.strategy('B', 'return []') },
  })
  await second.heard(operational)
  t.match((await second.heard('orders reconciled')).fields.orders, [
    { orderRef: sent.fields.orderRef, state: 'filled' },
  ])
  t.ok(inOrder(second.messages(), ['orders reconciled', 'order gate open']))
  gateway.fault('drop')
  await second.heard('Strategy C has nothing left to close, the gameplan counts again')
  t.strictSame(
    ordersAt(gateway),
    ['BUY 2 SPY', 'SELL 2 SPY'],
    'it is its own position, from before its restart',
  )
})
