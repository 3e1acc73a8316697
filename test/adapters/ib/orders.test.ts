// Orders as bytes: what leaves, when, and what never does; and what a hostile server says of them.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ibConnector } from '../../../src/adapters/ib/connector.ts'
import type { IbOrder } from '../../../src/ports/ib.ts'
import { watch } from '../../contracts/ib.ts'
import { accounts, frame, handshake, orderId, startTwsStub } from '../../session/tws-stub.ts'
import { startLoggedIn, until } from '../../simulator/harness.ts'

const connector = ibConnector()
const contract = { symbol: 'AAPL', secType: 'STK', exchange: 'SMART', currency: 'USD' }
const order: IbOrder = {
  action: 'SELL',
  totalQuantity: 7,
  orderType: 'STP LMT',
  lmtPrice: 99.5,
  auxPrice: 100,
  account: 'DU1234567',
  orderRef: 'ref',
  outsideRth: true,
}

/** An open connection to a server that says only what the test writes, and the fields of what it was sent. */
async function connected(t: Test, version = 193) {
  let bytes = Buffer.alloc(0)
  const heard: string[][] = []
  const { port, sockets } = await startTwsStub(t, {
    onHello: (socket) => socket.write(handshake(version)),
    onStart(socket) {
      socket.on('data', (chunk) => {
        bytes = Buffer.concat([bytes, chunk])
        while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE(0)) {
          const end = 4 + bytes.readUInt32BE(0)
          heard.push(bytes.toString('utf8', 4, end - 1).split('\0'))
          bytes = bytes.subarray(end)
        }
      })
      socket.write(Buffer.concat([accounts, orderId]))
    },
  })
  const watched = watch(t, connector, port)
  await watched.ready
  return { ...watched, watched, heard, socket: sockets[0] as Socket }
}

t.test('the fields of an order, a cancellation and a mark', async (t) => {
  for (const [version, count, cancelled] of [
    [178, 114, ['4', '1', '17', '']],
    [193, 118, ['4', '17', '', '', '2147483647']],
  ] as const) {
    const { connection, heard } = await connected(t, version)
    connection.placeOrder(17, contract, order)
    connection.cancelOrder(17)
    connection.mark()
    await until(() => heard.length === 3)
    const [placed = []] = heard
    t.equal(placed.length, count)
    t.strictSame(placed.slice(0, 14), [
      ...['3', '17', '', 'AAPL', 'STK', '', '', '', '', 'SMART', '', 'USD', '', ''],
    ])
    t.strictSame(placed.slice(16, 24), ['SELL', '7', 'STP LMT', '99.5', '100', 'DAY', '', 'DU1234567'])
    t.strictSame([placed[26], placed[27], placed[33]], ['ref', '1', '1'], 'transmitted, always')
    t.strictSame(heard[1], cancelled)
    t.strictSame(heard[2], ['8', '1', '0'])
  }
})

t.test('an order is with the kernel when placeOrder returns: its process may die at once', async (t) => {
  const gateway = await startLoggedIn(t)
  const script = join(import.meta.dirname, 'place-and-die.js')
  const [, signal] = await once(spawn(process.execPath, [script, String(gateway.port)]), 'exit')
  t.equal(signal, 'SIGKILL')
  await until(() => gateway.requests.length === 2)
  t.match(gateway.requests, [{ name: 'placeOrder', orderRef: 'last words' }, { name: 'reqIds' }])
})

t.test('a thousand orders of one turn are all written in it', async (t) => {
  const { connection, heard } = await connected(t)
  for (let id = 1; id <= 1_000; id++) connection.placeOrder(id, contract, order)
  await connection.close()
  await until(() => heard.length === 1_000)
  t.strictSame(
    heard.map(([, id]) => Number(id)),
    Array.from({ length: 1_000 }, (_, index) => index + 1),
  )
})

t.test('behind bytes that the gateway does not take, no order is written', async (t) => {
  const { connection, socket, watched } = await connected(t)
  socket.pause()
  const mountain = { symbol: 'x'.repeat(1_000_000) }
  const waiting = Array.from({ length: 16 }, () =>
    connection.request('contractDetails', mountain).catch((error) => error),
  )
  await new Promise((resolve) => setImmediate(resolve))
  t.throws(() => connection.placeOrder(1, contract, order), {
    code: 'CONNECTION_CLOSED',
    message: /takes no more bytes; the order was not sent/,
  })
  t.throws(() => connection.cancelOrder(1), { code: 'CONNECTION_CLOSED' })
  t.equal(watched.error, undefined)
  await connection.close()
  for (const answer of waiting) t.match(await answer, { code: 'CONNECTION_CLOSED' })
})

t.test(
  'a connection that the gateway has reset takes no order, also before that is known here',
  async (t) => {
    const { connection, socket, watched } = await connected(t)
    const outcomes: unknown[] = []
    socket.resetAndDestroy()
    await until(() => {
      try {
        connection.placeOrder(1, contract, order)
        outcomes.push('sent')
      } catch (error) {
        outcomes.push((error as { code: string }).code)
      }
      return watched.error !== undefined
    })
    t.equal(outcomes.at(-1), 'CONNECTION_CLOSED')
  },
)

for (const [name, changes] of Object.entries({
  'no quantity': { totalQuantity: 0 },
  'a quantity that is no number': { totalQuantity: Number.NaN },
  'an endless quantity': { totalQuantity: Number.POSITIVE_INFINITY },
  'no limit price': { lmtPrice: undefined },
  'a limit price that is no number': { lmtPrice: Number.NaN },
  'no stop price': { auxPrice: undefined },
  'a NUL in its reference': { orderRef: 'a\0b' },
  'a NUL in its account': { account: 'DU1\0' },
}) as Array<[string, Partial<IbOrder>]>)
  t.test(`an order with ${name} is not written`, async (t) => {
    const { connection, heard } = await connected(t)
    t.throws(() => connection.placeOrder(1, contract, { ...order, ...changes }), { code: 'INVALID_REQUEST' })
    t.throws(() => connection.placeOrder(0.5, contract, order), { code: 'INVALID_REQUEST' })
    connection.mark()
    await until(() => heard.length > 0)
    t.equal(heard[0]?.[0], '8')
  })

for (const [name, bytes] of Object.entries({
  'a status with words for quantities': frame(3, 1, 'Filled', 'ten', 0, 1, 1, 0, 1, 1, '', 0),
  'a status without quantities': frame(3, 1, 'Filled', '', '', 1, 1, 0, 1, 1, '', 0),
  'a status of no order': frame(3, 'x', 'Filled', 10, 0, 1, 1, 0, 1, 1, '', 0),
  'a fill at no price': frame(
    ...[11, -1, 1, 265598, 'AAPL', 'STK', '', 0, '?', '', 'NASDAQ', 'USD', 'AAPL', 'NMS', 'e.1', 'time'],
    ...['DU1', 'NASDAQ', 'BOT', 10, 'NaN', 1, 1, 0, 10, 1, 'ref', '', '', '', 1, 0],
  ),
  'a fill on no side': frame(
    ...[11, -1, 1, 265598, 'AAPL', 'STK', '', 0, '?', '', 'NASDAQ', 'USD', 'AAPL', 'NMS', 'e.1', 'time'],
    ...['DU1', 'NASDAQ', 'MID', 10, 1, 1, 1, 0, 10, 1, 'ref', '', '', '', 1, 0],
  ),
  'a position that is no number': frame(
    ...[61, 3, 'DU1', 265598, 'AAPL', 'STK', '', 0, '?', '', 'NASDAQ', 'USD', 'AAPL', 'NMS', 'much', 1],
  ),
}))
  t.test(`who sends ${name} is not listened to any longer`, async (t) => {
    const { connection, socket, watched, orderEvents } = await connected(t)
    const positions = connection.request('positions', {}).catch((error) => error)
    socket.write(bytes)
    await until(() => watched.error !== undefined)
    t.match(watched.error, { code: 'CONNECTION_CLOSED', message: /does not speak/ })
    t.match(await positions, { code: 'CONNECTION_CLOSED' })
    t.strictSame(orderEvents, [])
  })

t.test(
  'a question without an end stays open; who gives up and asks again waits for the same answer',
  async (t) => {
    const { connection, socket, heard } = await connected(t)
    const giveUp = new AbortController()
    const first = connection.request('positions', {}, giveUp.signal)
    const position = (symbol: string, size: number) =>
      frame(61, 3, 'DU1', symbol.length, symbol, 'STK', '', 0, '?', '', '', 'USD', symbol, '', size, 5)
    await until(() => heard.length === 1)
    socket.write(position('ONE', 1))
    giveUp.abort(new Error('too late'))
    await t.rejects(first, { message: 'too late' })
    const second = connection.request('positions', {})
    socket.write(
      Buffer.concat([position('FIVES', 5), position('GONE', 4), position('GONE', 0), frame(62, 1)]),
    )
    t.match(
      (await second).map(({ contract: { symbol }, position }) => [symbol, position]),
      [
        ['ONE', 1],
        ['FIVES', 5],
      ],
      'whole, and without what was closed meanwhile',
    )
    await until(() => heard.length === 2)
    t.strictSame(heard, [
      ['61', '1'],
      ['64', '1'],
    ])
  },
)

t.test('a gateway in read-only mode refuses its own orders, which has no end', async (t) => {
  const { connection, socket, heard } = await connected(t)
  const own = connection.request('openOrders', { all: false })
  const all = connection.request('openOrders', { all: true })
  await until(() => heard.length === 1)
  socket.write(frame(4, 2, -1, 321, 'The API interface is currently in Read-Only mode.', ''))
  await t.rejects(own, { code: 'REQUEST_REJECTED', cause: { code: 321 } })
  await until(() => heard.length === 2)
  socket.write(frame(53, 1))
  t.strictSame(await all, [])
})

t.test(
  'an account summary is cancelled once it has come, and executions are asked for by client',
  async (t) => {
    const { connection, socket, heard } = await connected(t)
    const id = 1_000_000_000
    const summary = connection.request('accountSummary', { tags: ['A', 'B'] })
    socket.write(Buffer.concat([frame(63, 1, id, 'DU1', 'A', '5', 'USD'), frame(64, 1, id)]))
    t.strictSame(await summary, [{ account: 'DU1', tag: 'A', value: '5', currency: 'USD' }])
    const own = connection.request('executions', { all: false })
    const all = connection.request('executions', { all: true })
    socket.write(Buffer.concat([frame(55, 1, id + 2), frame(55, 1, id + 1)]))
    t.strictSame(await Promise.all([own, all]), [[], []])
    await until(() => heard.length === 4)
    t.strictSame(heard, [
      ['62', '1', String(id), 'All', 'A,B'],
      ['63', '1', String(id)],
      ['7', '3', String(id + 1), '1', '', '', '', '', '', ''],
      ['7', '3', String(id + 2), '', '', '', '', '', '', ''],
    ])
  },
)
