// Orders whose acknowledgement is late, missing or a refusal, and orders while IBKR is lost.
import t from 'tap'
import { parseFault } from '../../src/simulator/faults.ts'
import { RawClient, until } from './harness.ts'
import { messagesOf, placeOrder, startTrading, told, untilTold } from './order-client.ts'

t.test('order-delay: taken at once, acknowledged late', async (t) => {
  const { client, clock, gateway } = await startTrading(t)
  gateway.fault('order-delay', '500')
  placeOrder(client, 1)
  await until(() => gateway.requests.length === 1)
  client.send(7, 3, 9, '', '', '', '', '', '', '')
  await client.message(55)
  t.match(messagesOf(client, 11), [{ 1: '9', 2: '1' }], 'the fill is there')
  t.strictSame(messagesOf(client, 3), [])
  await clock.advance(499)
  t.strictSame(messagesOf(client, 3), [])
  await clock.advance(1)
  await untilTold(client, 1, 'commission')
  gateway.fault('clear')
  placeOrder(client, 2)
  await untilTold(client, 2, 'commission')
})

t.test('order-silent: the order is taken and nobody is told', async (t) => {
  const { client, gateway } = await startTrading(t)
  gateway.fault('order-silent')
  placeOrder(client, 1, { type: 'LMT', limit: 100, orderRef: 'lost' })
  placeOrder(client, 2, { symbol: 'NOSUCH' })
  client.send(49, 1)
  await client.message(49)
  t.strictSame([told(client, 1), told(client, 2)], [[], []])
  client.send(5, 1)
  await client.message(53)
  t.match(messagesOf(client, 5), [{ 1: '1', 23: 'lost' }])
})

t.test('order-reject: every order is refused with the text', async (t) => {
  const { client, gateway } = await startTrading(t)
  gateway.fault('order-reject', 'No trading on full moons')
  placeOrder(client, 1)
  t.strictSame(await untilTold(client, 1, '201'), ['201'])
  t.match(messagesOf(client, 4).at(-1), { 3: 'Order rejected - reason:No trading on full moons' })
  gateway.fault('clear')
  placeOrder(client, 1)
  await untilTold(client, 1, 'commission')
})

t.test('order-any-hour: markets do not close', async (t) => {
  const sunday = Date.UTC(2026, 10, 22, 12)
  const { client, gateway } = await startTrading(t, {}, sunday)
  placeOrder(client, 1)
  await untilTold(client, 1, 'PreSubmitted')
  gateway.fault('order-any-hour')
  await untilTold(client, 1, 'commission')
  gateway.fault('clear')
  placeOrder(client, 2)
  await untilTold(client, 2, 'PreSubmitted')
  const always = await startTrading(t, { fills: 'any-hour' }, sunday)
  always.gateway.fault('clear')
  placeOrder(always.client, 1)
  await untilTold(always.client, 1, 'commission')
})

t.test('executions-endless: an empty list of fills has no end', async (t) => {
  const { client, gateway } = await startTrading(t)
  const ask = () => client.send(7, 3, 9, '', '', '', '', '', '', '')
  gateway.fault('executions-endless')
  ask()
  client.send(49, 1)
  await client.message(49)
  t.strictSame(messagesOf(client, 55), [])
  placeOrder(client, 1)
  await untilTold(client, 1, 'commission')
  ask()
  await client.message(55)
})

t.test(
  'while IBKR is lost no order is taken, and what happens meanwhile is told when it is back',
  async (t) => {
    const { client, clock, gateway } = await startTrading(t)
    placeOrder(client, 1, { type: 'LMT', limit: 213.41 })
    await untilTold(client, 1, 'Submitted')
    gateway.fault('1100')
    placeOrder(client, 2)
    await until(() => gateway.requests.length === 2)
    await clock.advance(30_000)
    t.equal(told(client, 1).at(-1), 'Submitted')
    gateway.fault('1102')
    await untilTold(client, 1, 'commission')
    t.match(messagesOf(client, 11), [{ 15: '20261118 11:00:10 US/Eastern' }])
    t.strictSame(messagesOf(client, 11).length, 1)
    t.notOk(told(client, 2).includes('Filled'))
  },
)

t.test('a restart cures the faults of orders', async (t) => {
  const { clock, gateway } = await startTrading(t)
  gateway.fault('order-silent')
  gateway.fault('order-reject')
  gateway.fault('nightly-restart')
  await until(() => !gateway.loggedIn)
  await clock.advance(60_000)
  await until(() => gateway.loggedIn)
  const client = await RawClient.ready(t, gateway.port)
  placeOrder(client, 1)
  await untilTold(client, 1, 'commission')
})

t.test('values of the faults', async (t) => {
  t.strictSame(parseFault('order-delay'), { name: 'order-delay', delayMs: 2_000 })
  t.strictSame(parseFault('order-delay 30'), { name: 'order-delay', delayMs: 30 })
  t.strictSame(parseFault('order-reject no  funds today'), { name: 'order-reject', text: 'no  funds today' })
  t.strictSame(parseFault('order-reject', 'no funds'), { name: 'order-reject', text: 'no funds' })
  t.match(parseFault('order-reject'), { text: /takes no orders/ })
  t.throws(() => parseFault('order-delay soon'), /whole number/)
})
