// Edge cases of a running bot: a gateway that dies, slows down, restarts at night, or restarts again and again.
import t from 'tap'
import type { SimulatedGateway } from '../../src/simulator/gateway.ts'
import { botWorld, ordersAt } from './bot-world.ts'
import { inOrder } from './running-bot.ts'

const operational = 'Bot operational, Gateway validated'
const validated = 'Gateway validated successfully'
const lost = 'Gateway connection lost, Strategy C active'
const criticalLost = `CRITICAL: ${lost}`
const closedOut = 'Strategy C has nothing left to close, the gameplan counts again'

/** Once, at its first look at the market. */
const buysTwo =
  "return turn === 1 ? [{ symbol: 'SPY', action: 'BUY', quantity: 2, orderType: 'MKT', effect: 'open' }] : []"

/** Somebody else's. */
const positions = [{ symbol: 'AAPL', quantity: 100, averageCost: 150 }]

/** Each order came after the connection that it came over had asked for all orders and fills. */
function reconciledFirst({ requests }: SimulatedGateway): boolean {
  return requests
    .filter(({ name }) => name === 'placeOrder')
    .every((order) =>
      ['reqAllOpenOrders', 'reqExecutions'].every((question) =>
        requests.some(
          ({ name, connection, sequence }) =>
            name === question && connection === order.connection && sequence < order.sequence,
        ),
      ),
    )
}

t.test(
  'EC-07 Gateway crashes after bot connects: bot detects disconnection, activates Strategy C, alerts',
  async (t) => {
    const world = await botWorld(t, { positions })
    const first = await world.startGateway()
    await world.writeGameplan()
    const bot = await world.startBot({
      env: { DRY_RUN: 'false', STRATEGY_MODULES: await world.strategy('B', buysTwo) },
    })
    t.match((await bot.heard(operational)).fields, { strategy: 'B', dryRun: false })
    t.match((await bot.heard('Order sent')).fields, { strategy: 'B', symbol: 'SPY', quantity: 2 })
    await bot.filled('SPY', 2)
    t.strictSame(ordersAt(first), ['BUY 2 SPY'])
    const seen = bot.lines.length

    await world.crash(first)
    await bot.toldAs(criticalLost)
    await bot.heard('Strategy C active: cash preservation')
    t.equal(await bot.healthStatus(), 503)
    t.match(bot.bot.health(), {
      gatewayConnected: false,
      strategyActive: 'C',
      lastError: /./,
      positionsOpen: 2,
    })
    t.ok(
      inOrder(
        bot.lines.slice(seen).map(({ message }) => message),
        ['order gate closed', lost, 'Reconnecting to the Gateway', 'Gateway not validated, trying again'],
      ),
      'the gate closes first',
    )
    t.equal(world.held('SPY'), 2)

    const second = await world.startGateway()
    await bot.heard(validated, 2)
    t.match(await bot.toldAs('INFO: Gateway validated again'), {
      text: /the positions that this bot has opened/,
    })
    await bot.heard(closedOut)
    t.strictSame(ordersAt(second), ['SELL 2 SPY'])
    t.ok(reconciledFirst(second))
    t.equal(world.held('SPY'), 0)
    t.equal(world.held('AAPL'), 100, "somebody else's position stays")
    t.equal(await bot.healthStatus(), 200)
    t.match(bot.bot.health(), { strategyActive: 'B', lastError: null })
    t.equal(await bot.stop(), 0)
  },
)

t.test('EC-07 STRATEGY_C_CLOSE_ALL closes what others opened too', async (t) => {
  const world = await botWorld(t, { positions })
  const first = await world.startGateway()
  await world.writeGameplan()
  const bot = await world.startBot({
    env: {
      DRY_RUN: 'false',
      STRATEGY_C_CLOSE_ALL: 'true',
      STRATEGY_MODULES: await world.strategy('B', buysTwo),
    },
  })
  await bot.filled('SPY', 2)
  await world.crash(first)
  await bot.toldAs(criticalLost)
  const second = await world.startGateway()
  await bot.heard(closedOut)
  t.strictSame(ordersAt(second).sort(), ['SELL 100 AAPL', 'SELL 2 SPY'])
  t.strictSame([world.held('SPY'), world.held('AAPL')], [0, 0])
})

t.test('EC-07 in a dry run Strategy C closes nothing and goes on trying, without an order', async (t) => {
  const world = await botWorld(t, { positions })
  const first = await world.startGateway()
  const bot = await world.startBot({ env: { STRATEGY_C_CLOSE_ALL: 'true' } })
  await bot.heard(operational)
  await world.crash(first)
  await bot.toldAs(criticalLost)
  const second = await world.startGateway()
  t.match((await bot.heard('Order not sent, dry run')).fields, {
    strategy: 'C',
    symbol: 'AAPL',
    action: 'SELL',
    quantity: 100,
    effect: 'close',
  })
  t.strictSame(ordersAt(first, second), [])
  t.equal(world.held('AAPL'), 100)
})

t.test('EC-07 Gateway hangs without closing: the heartbeat notices, the gate closes', async (t) => {
  const world = await botWorld(t)
  const gateway = await world.startGateway()
  await world.writeGameplan()
  const bot = await world.startBot({
    env: { DRY_RUN: 'false', STRATEGY_MODULES: await world.strategy('B', buysTwo) },
    pace: { checkIntervalMs: 600_000 },
  })
  await bot.filled('SPY', 2)
  gateway.fault('mute')
  await bot.toldAs(criticalLost)
  t.equal(await bot.healthStatus(), 503)
  gateway.fault('clear')
  await bot.heard(closedOut)
  t.strictSame(ordersAt(gateway), ['BUY 2 SPY', 'SELL 2 SPY'])
  t.ok(reconciledFirst(gateway))
})

for (const code of ['1100', '2110'])
  t.test(`EC-07 Gateway loses IBKR [${code}]: the gate closes, and opens when IBKR is back`, async (t) => {
    const world = await botWorld(t)
    const gateway = await world.startGateway()
    const bot = await world.startBot()
    await bot.heard(operational)
    gateway.fault(code)
    t.match(await bot.toldAs(criticalLost), { text: /no connection to IBKR/ })
    t.equal(await bot.healthStatus(), 503)
    gateway.fault('1102')
    await bot.heard(validated, 2)
    t.equal(await bot.healthStatus(), 200)
    t.equal(bot.count('Reconnecting to the Gateway'), 0, 'the connection stood all the time')
  })

t.test(
  'EC-07 the person is told before Strategy C acts, and a webhook that hangs holds it up for 10 s at most',
  async (t) => {
    const world = await botWorld(t)
    const gateway = await world.startGateway()
    await world.writeGameplan()
    const bot = await world.startBot({
      webhook() {},
      env: { DRY_RUN: 'false', STRATEGY_MODULES: await world.strategy('B', buysTwo) },
    })
    await bot.filled('SPY', 2)
    const droppedAt = world.clock.now()
    gateway.fault('drop')
    const { at } = await bot.heard(lost)
    t.ok(inOrder(bot.messages(), ['order gate closed', lost]), 'closed first, then told')
    t.ok(at - droppedAt < 5_000, `at once, after ${at - droppedAt} ms`)
    const active = await bot.heard('Strategy C active: cash preservation')
    t.ok(active.at - at >= 9_000 && active.at - at < 20_000, `${active.at - at} ms`)
    await bot.heard(closedOut)
    t.strictSame(ordersAt(gateway), ['BUY 2 SPY', 'SELL 2 SPY'])
  },
)

t.test('EC-08 Gateway memory leak causes slowdown: bot periodic checks detect degradation', async (t) => {
  const world = await botWorld(t, { speed: 1 })
  const gateway = await world.startGateway()
  const bot = await world.startBot({ pace: { checkIntervalMs: 50, turnMs: 60_000 } })
  await bot.heard('Gateway check passed', 5)
  gateway.fault('slow', '500')
  const { level, fields } = await bot.heard('Gateway degraded, answers are slow')
  t.equal(level, 'warn')
  t.ok(fields.roundTripMs >= 450, `${fields.roundTripMs} ms`)
  t.match(await bot.toldAs('WARNING: Gateway degraded'), { text: /needs \d+ ms for an answer/ })
  await bot.heard('Gateway check passed', bot.count('Gateway check passed') + 1)
  gateway.fault('clear')
  await bot.heard('Gateway answers quickly again')
  t.equal(bot.count('Gateway degraded, answers are slow'), 1)
  t.strictSame(
    bot.told().filter((head) => head.startsWith('WARNING')),
    ['WARNING: Gateway degraded'],
    'told once',
  )
  t.equal(await bot.healthStatus(), 200, 'slow is not gone')
  t.equal(bot.count('order gate closed'), 0)
})

t.test(
  'EC-09 Gateway restarts (daily 4:30 PM restart): bot handles disconnection, reconnects automatically',
  async (t) => {
    const world = await botWorld(t)
    const gateway = await world.startGateway()
    await world.writeGameplan()
    const bot = await world.startBot({ env: { STRATEGY_MODULES: await world.strategy('B', 'return []') } })
    await bot.heard(operational)
    gateway.fault('nightly-restart')
    await bot.toldAs(criticalLost)
    t.equal(gateway.loggedIn, false)
    t.equal(await bot.healthStatus(), 503)
    await bot.heard(closedOut)
    t.ok(
      inOrder(bot.messages(), [
        operational,
        'order gate closed',
        lost,
        'Reconnecting to the Gateway',
        'Reconnected to the Gateway, validating',
        'order gate open',
        validated,
        closedOut,
      ]),
    )
    await bot.toldAs('INFO: Gateway validated again')
    t.match(bot.bot.health(), { gatewayConnected: true, strategyActive: 'B', lastError: null })
    t.equal(await bot.healthStatus(), 200)
    t.strictSame(ordersAt(gateway), [])
    t.match(gateway.requests.filter(({ name }) => name === 'reqPositions').at(-1), { clientId: 1 })
  },
)

t.test(
  'EC-10 Multiple Gateway restarts in quick succession: bot rate-limits reconnection attempts',
  async (t) => {
    const world = await botWorld(t, { speed: 10 })
    const gateway = await world.startGateway()
    const bot = await world.startBot({ pace: { checkIntervalMs: 600_000 } })
    await bot.heard(operational)
    const waits: number[] = []
    for (const loss of [1, 2, 3, 4]) {
      gateway.fault('drop')
      const gone = await bot.heard(lost, loss)
      const back = await bot.heard('Reconnected to the Gateway, validating', loss)
      waits.push(back.at - gone.at)
      await bot.heard(validated, loss + 1)
    }
    const announced = bot.lines
      .filter(({ message }) => message === 'Reconnecting to the Gateway')
      .map(({ fields }) => fields.waitMs)
    t.strictSame(announced, [0, 5_000, 15_000, 30_000])
    for (const [index, wait] of announced.entries())
      t.ok((waits[index] ?? 0) >= wait, `loss ${index + 1}: ${waits[index]} ms`)
    t.equal(bot.count('The gateway keeps going away, reconnecting more slowly'), 2)
    t.match(await bot.toldAs('ERROR: Gateway restarts in quick succession'), {
      text: /lost 3 times within ten minutes/,
    })
    t.equal(
      bot.told().filter((head) => head === 'ERROR: Gateway restarts in quick succession').length,
      1,
      'told once',
    )
    t.equal(bot.told().filter((head) => head === criticalLost).length, 4, 'each loss is told')
    t.match(bot.bot.health(), { gatewayConnected: true })
  },
)
