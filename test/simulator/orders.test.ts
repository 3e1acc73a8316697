// What becomes of orders at the simulated IBKR: fills, rests, changes, cancellations, refusals, and what outlives whom.
import t from 'tap'
import { RawClient, until } from './harness.ts'
import { messagesOf, placeOrder, startTrading, told, untilTold, wednesday } from './order-client.ts'

const minuteMs = 60_000
const filled = ['open', 'PreSubmitted', 'execution', 'open', 'Filled', 'open', 'commission']

t.test('a market order fills at once, and position and money follow', async (t) => {
  const { client } = await startTrading(t)
  placeOrder(client, 1, { orderRef: 'mine', quantity: 10 })
  t.strictSame(await untilTold(client, 1, 'commission'), filled)
  const execution = messagesOf(client, 11)[0] ?? []
  t.equal(execution[1], '-1', 'nobody had asked')
  t.match(execution.slice(14, 21), [
    /^[0-9a-f]{8}\.[0-9a-f]{8}\.01\.01$/,
    '20261118 11:00:00 US/Eastern',
    /^DU/,
    'NASDAQ',
    'BOT',
    '10',
    '213.56',
  ])
  t.equal(execution[26], 'mine')
  client.send(61, 1)
  client.send(62, 1, 5, 'All', 'NetLiquidation,TotalCashValue,StockMarketValue')
  await client.message(64)
  t.match(messagesOf(client, 61), [{ 4: 'AAPL', 14: '10', 15: '213.56' }])
  const values = Object.fromEntries(messagesOf(client, 63).map(([, , , , tag, value]) => [tag, value]))
  t.strictSame(values, {
    NetLiquidation: '999999.00',
    StockMarketValue: '2135.60',
    TotalCashValue: '997863.40',
  })
})

t.test('positions are told anew after each fill, down to 0; what was gained is realized', async (t) => {
  const { client, clock } = await startTrading(t)
  client.send(61, 1)
  await client.message(62)
  placeOrder(client, 1, { quantity: 10 })
  await untilTold(client, 1, 'commission')
  await clock.advance(60 * minuteMs)
  placeOrder(client, 2, { action: 'SELL', quantity: 15 })
  placeOrder(client, 3, { action: 'BUY', quantity: 5 })
  await until(() => messagesOf(client, 61).length === 3)
  t.strictSame(
    messagesOf(client, 61).map((fields) => [fields[14], fields[15]]),
    [
      ['10', '213.56'],
      ['-5', '214.31'],
      ['0', '0'],
    ],
  )
  const realized = messagesOf(client, 59).map((fields) => Number(fields[5]))
  t.strictSame(realized.slice(1), [6.5, -1])
  t.ok((realized[0] ?? 0) > 1e300, 'none for what only opens')
  client.send(64, 1)
})

t.test(
  'a limit order rests, fills in the second in which the price crosses it, and at that price',
  async (t) => {
    const { client, clock } = await startTrading(t)
    placeOrder(client, 1, { type: 'LMT', limit: 213.41 })
    t.strictSame(await untilTold(client, 1, 'Submitted'), ['open', 'PreSubmitted', 'open', 'Submitted'])
    await clock.advance(minuteMs)
    await untilTold(client, 1, 'commission')
    t.match(messagesOf(client, 11), [{ 15: '20261118 11:00:10 US/Eastern', 20: '213.4' }])
    placeOrder(client, 2, { type: 'LMT', limit: 300 })
    t.strictSame(await untilTold(client, 2, 'commission'), filled, 'one that crosses already fills at once')
  },
)

t.test('a stop order waits for its price, then is a market order or a limit order', async (t) => {
  const { client, clock } = await startTrading(t)
  placeOrder(client, 1, { type: 'STP', action: 'SELL', stop: 213.41 })
  placeOrder(client, 2, { type: 'STP LMT', action: 'SELL', stop: 213.41, limit: 213.6 })
  await untilTold(client, 2, 'PreSubmitted')
  await clock.advance(20 * minuteMs)
  await until(() => messagesOf(client, 11).length === 2)
  t.match(messagesOf(client, 11), [
    { 2: '1', 15: '20261118 11:00:10 US/Eastern', 20: '213.4' },
    { 2: '2', 19: '10' },
  ])
  t.ok(Number(messagesOf(client, 11)[1]?.[20]) >= 213.6)
  t.ok(told(client, 2).includes('Submitted'), 'a limit order from its trigger on')
})

t.test('the same order id changes an order that works; a filled one stays as it is', async (t) => {
  const { client } = await startTrading(t)
  placeOrder(client, 1, { type: 'LMT', limit: 100 })
  await untilTold(client, 1, 'Submitted')
  placeOrder(client, 1, { type: 'LMT', limit: 101, quantity: 20 })
  await until(() => messagesOf(client, 5).length === 3)
  const changed = messagesOf(client, 5).at(-1) ?? []
  t.strictSame([changed[14], changed[16]], ['20', '101'])
  t.equal(changed[25], messagesOf(client, 5)[0]?.[25], 'the same permanent id')
  placeOrder(client, 1, { type: 'LMT', limit: 300, quantity: 20 })
  await untilTold(client, 1, 'commission')
  placeOrder(client, 1, { type: 'LMT', limit: 300, quantity: 20 })
  await untilTold(client, 1, '104')
})

t.test('an order is cancelled once; by its client, by another, or all at once', async (t) => {
  const { client, gateway } = await startTrading(t)
  const other = await RawClient.ready(t, gateway.port, 2)
  for (const id of [1, 2, 3]) placeOrder(client, id, { type: 'LMT', limit: 100 })
  await untilTold(client, 3, 'Submitted')
  client.send(4, 1, '', 2_147_483_647)
  t.strictSame((await untilTold(client, 1, '202')).slice(-3), ['PendingCancel', 'Cancelled', '202'])
  client.send(4, 1, '', 2_147_483_647)
  await untilTold(client, 1, '10148')
  client.send(4, 99, '', 2_147_483_647)
  await untilTold(client, 99, '10147')
  other.send(4, 2, '', 2_147_483_647)
  await untilTold(client, 2, '202')
  await untilTold(other, 2, '202')
  t.equal(messagesOf(client, 3).at(-1)?.[9], '2', 'shows who cancelled it')
  client.send(58, '', 2_147_483_647)
  await untilTold(client, 3, '202')
})

t.test('outside market hours orders wait for the open; DAY ends with the close, GTC does not', async (t) => {
  const friday = Date.UTC(2026, 10, 20, 22)
  const { client, clock } = await startTrading(t, {}, friday)
  placeOrder(client, 1)
  placeOrder(client, 2, { tif: 'IOC' })
  placeOrder(client, 3, { type: 'LMT', limit: 100 })
  placeOrder(client, 4, { type: 'LMT', limit: 100, tif: 'GTC' })
  placeOrder(client, 5, { outsideRth: 1 })
  await untilTold(client, 5, 'commission')
  t.strictSame(await untilTold(client, 2, '202'), [
    'open',
    'PreSubmitted',
    'PendingCancel',
    'Cancelled',
    '202',
  ])
  t.strictSame(told(client, 1).slice(0, 2), ['open', 'PreSubmitted'])
  await clock.advance(3 * 24 * 60 * minuteMs)
  await until(() => messagesOf(client, 11).length === 2)
  t.equal(messagesOf(client, 11)[1]?.[15], '20261123 09:30:00 US/Eastern')
  await untilTold(client, 3, '202')
  t.equal(told(client, 4).at(-1), 'Submitted')
})

t.test('refusals', async (t) => {
  const { client } = await startTrading(t)
  const cases: Array<[code: string, order: Parameters<typeof placeOrder>[2]]> = [
    ['200', { symbol: 'NOSUCH' }],
    ['200', { symbol: 'BHP', currency: '' }],
    ['201', { quantity: 1_000_000 }],
    ['201', { symbol: 'SPX', secType: 'IND', exchange: 'CBOE' }],
    ['321', { type: 'MAGIC' }],
    ['321', { action: 'HOLD' }],
    ['321', { tif: 'NEVER' }],
    ['321', { type: 'LMT' }],
    ['321', { type: 'STP' }],
    ['321', { account: 'DU0' }],
    ['321', { transmit: 0 }],
    ['434', { quantity: 0 }],
    ['434', { quantity: 'NaN' }],
    ['434', { quantity: -5 }],
    ['110', { type: 'LMT', limit: 100.005 }],
  ]
  for (const [index, [code, order]] of cases.entries()) {
    placeOrder(client, 10 + index, order)
    t.strictSame(await untilTold(client, 10 + index, code), [code], `${code} ${JSON.stringify(order)}`)
  }
  placeOrder(client, 1, { type: 'LMT', limit: 100 })
  await untilTold(client, 1, 'Submitted')
  client.send(4, 1, '', 2_147_483_647)
  await untilTold(client, 1, '202')
  placeOrder(client, 1)
  await untilTold(client, 1, '103')
  placeOrder(client, 50)
  await untilTold(client, 50, 'commission')
  placeOrder(client, 49)
  t.strictSame(await untilTold(client, 49, '103'), ['103'], 'ids only rise')
  placeOrder(client, 51, { whatIf: 1, orderRef: 'asked only' })
  t.strictSame(await untilTold(client, 51, 'open'), ['open'], 'what-if is answered')
  client.send(16, 1)
  await client.message(53)
  t.strictSame(told(client, 51), ['open'], 'and not taken')
})

t.test('order ids are counted by client, permanent ids for all; client 0 hears of everything', async (t) => {
  const { client, gateway } = await startTrading(t)
  const other = await RawClient.ready(t, gateway.port, 2)
  const master = await RawClient.ready(t, gateway.port, 0)
  placeOrder(client, 7, { type: 'LMT', limit: 100 })
  placeOrder(other, 7, { type: 'LMT', limit: 99 })
  await until(() => messagesOf(master, 3).length === 4)
  t.strictSame(messagesOf(client, 3).length, 2)
  const [mine, others] = [client, other].map((each) => Number(messagesOf(each, 3)[0]?.[6]))
  t.equal(others, (mine ?? 0) + 1)
  for (const [each, own, all] of [
    [client, 1, 2],
    [other, 1, 2],
    [master, 2, 2],
  ] as const) {
    for (const [question, count] of [
      [5, own],
      [16, all],
    ] as const) {
      each.frames.splice(1)
      each.send(question, 1)
      await each.message(53)
      t.equal(messagesOf(each, 5).length, count)
    }
  }
  client.send(8, 1, 1)
  t.strictSame(await client.message(9), ['9', '1', '8'])
})

t.test('orders live on without their client and through a soft restart, and fill meanwhile', async (t) => {
  const { client, clock, gateway } = await startTrading(t)
  placeOrder(client, 1, { type: 'LMT', limit: 213.41, orderRef: 'a' })
  placeOrder(client, 2, { type: 'LMT', limit: 100, orderRef: 'b' })
  await untilTold(client, 2, 'Submitted')
  gateway.fault('nightly-restart')
  await client.closed()
  await clock.advance(minuteMs)
  await until(() => gateway.loggedIn)
  const again = await RawClient.ready(t, gateway.port)
  t.strictSame(await again.message(9), ['9', '1', '3'], 'ids go on')
  again.send(5, 1)
  again.send(7, 3, 40, '', '', '', '', '', '', '')
  await again.message(55)
  t.match(messagesOf(again, 5), [{ 1: '2', 23: 'b' }])
  t.match(messagesOf(again, 11), [{ 1: '40', 2: '1', 26: 'a' }])
  t.match(messagesOf(again, 3), [{ 1: '2', 2: 'Submitted' }])
})

t.test('executions are those of today, by client and side', async (t) => {
  const { client, clock, gateway } = await startTrading(t, { timeZone: 'America/New_York' })
  const other = await RawClient.ready(t, gateway.port, 2)
  placeOrder(client, 1)
  placeOrder(other, 1, { action: 'SELL' })
  await until(() => messagesOf(client, 11).length === 1 && messagesOf(other, 11).length === 1)
  const found = async (clientId: number | '', side: string) => {
    client.frames.splice(1)
    client.send(7, 3, 9, clientId, '', '', '', '', '', side)
    await client.message(55)
    return messagesOf(client, 11).map((fields) => `${fields[22]} ${fields[18]}`)
  }
  t.strictSame(await found('', ''), ['1 BOT', '2 SLD'])
  t.strictSame(await found(0, ''), ['1 BOT', '2 SLD'])
  t.strictSame(await found(2, ''), ['2 SLD'])
  t.strictSame(await found('', 'BUY'), ['1 BOT'])
  await clock.advance(13 * 60 * minuteMs)
  t.strictSame(await found('', ''), [], 'a new day')
})

t.test('a read-only gateway refuses everything about orders but executions', async (t) => {
  const { client, gateway } = await startTrading(t, { readOnlyApi: true })
  placeOrder(client, 1)
  t.strictSame(await untilTold(client, 1, '321'), ['321'])
  client.send(4, 1, '', 2_147_483_647)
  client.send(5, 1)
  client.send(99, 1)
  client.send(58, '', '')
  client.send(8, 1, 1)
  await until(() => client.errors().filter((code) => code === 321).length === 6)
  client.send(7, 3, 9, '', '', '', '', '', '', '')
  await client.message(55)
  t.ok(gateway.requests.length >= 7)
})

t.test('the same questions at the same moments get the same answers', async (t) => {
  const run = async () => {
    const { client, clock } = await startTrading(t)
    placeOrder(client, 1)
    placeOrder(client, 2, { type: 'LMT', limit: 213.41 })
    await untilTold(client, 2, 'Submitted')
    await clock.advance(30_000)
    await until(() => messagesOf(client, 59).length === 2)
    return client.frames.filter(([id]) => ['3', '5', '11', '59'].includes(id ?? ''))
  }
  t.strictSame(await run(), await run())
})

t.test('nothing is left to run when the gateway has ended, orders that rest included', async (t) => {
  const { client, clock, gateway } = await startTrading(t)
  gateway.fault('order-any-hour')
  placeOrder(client, 1, { type: 'LMT', limit: 100 })
  await untilTold(client, 1, 'Submitted')
  client.socket.end()
  await client.closed()
  t.ok(clock.pendingTimers > 0)
  gateway.kill()
  await until(() => gateway.exits.length === 1)
  t.equal(clock.pendingTimers, 0)
})

t.test('however much is asked, the record forgets no order', async (t) => {
  const { client, gateway } = await startTrading(t, { maxMessagesPerSecond: 1_000_000 })
  placeOrder(client, 1, { orderRef: 'first' })
  for (let asked = 0; asked < 20_000; asked++) client.send(49, 1)
  placeOrder(client, 2, { orderRef: 'last' })
  await untilTold(client, 2, 'commission')
  t.ok(gateway.requests.length < 20_000)
  t.strictSame(
    gateway.requests.flatMap(({ sequence, orderRef }) => (orderRef ? [[sequence, orderRef]] : [])),
    [
      [1, 'first'],
      [20_002, 'last'],
    ],
  )
})

t.test('the record has every order, in the one sequence of all messages', async (t) => {
  const { client, gateway } = await startTrading(t)
  const other = await RawClient.ready(t, gateway.port, 2)
  client.send(8, 1, 0)
  placeOrder(client, 1, { orderRef: 'first' })
  await untilTold(client, 1, 'commission')
  placeOrder(other, 5, { orderRef: 'second' })
  await untilTold(other, 5, 'commission')
  client.send(8, 1, 0)
  await until(() => gateway.requests.length === 4)
  t.match(gateway.requests, [
    { sequence: 1, connection: 1, clientId: 1, name: 'reqIds' },
    { sequence: 2, connection: 1, clientId: 1, name: 'placeOrder', reqId: 1, orderRef: 'first' },
    { sequence: 3, connection: 2, clientId: 2, name: 'placeOrder', reqId: 5, orderRef: 'second' },
    { sequence: 4, connection: 1, clientId: 1, name: 'reqIds', time: wednesday },
  ])
})
