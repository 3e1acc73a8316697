// How many fields the messages about orders have at each version, as counted in captures of live gateways and in IBKR's client library.
import t from 'tap'
import { RawClient, startLoggedIn } from './harness.ts'
import { messagesOf, placeOrder, startTrading, untilTold } from './order-client.ts'

for (const [version, openOrder, execution, completed] of [
  [177, 135, 31, 100],
  [178, 135, 32, 100],
  [186, 138, 32, 102],
  [193, 141, 32, 102],
  [195, 154, 32, 102],
  [200, 156, 33, 103],
] as const)
  t.test(`version ${version}`, async (t) => {
    const { gateway } = await startTrading(t, { serverVersion: version })
    const client = await RawClient.ready(t, gateway.port, 5)
    placeOrder(client, 1)
    await untilTold(client, 1, 'commission')
    client.send(99, 1)
    await client.message(102)
    const counts = [3, 5, 11, 59, 101].map((id) => [...new Set(messagesOf(client, id).map((f) => f.length))])
    t.strictSame(counts, [[12], [openOrder], [execution], [8], [completed]])
  })

t.test('the cancelled order is named by its place at every version', async (t) => {
  for (const [version, fields] of [
    [178, [4, 1, 9, '']],
    [193, [4, 9, '', 2_147_483_647]],
  ] as const) {
    const gateway = await startLoggedIn(t, { serverVersion: version })
    const client = await RawClient.ready(t, gateway.port)
    client.send(...fields)
    await untilTold(client, 9, '10147')
    t.match(gateway.requests, [{ name: 'cancelOrder', reqId: 9 }])
  }
})
