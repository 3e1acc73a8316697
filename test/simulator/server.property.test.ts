// The simulated gateway as a server: whatever a client sends, nothing is thrown, others are answered, nothing is gathered.
import { connect, type Socket } from 'node:net'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { messageTable } from '../../src/simulator/message-table.ts'
import { encodeFrame } from '../../src/simulator/wire.ts'
import { runs } from '../fuzz/runs.ts'
import { RawClient, type StartedGateway, startLoggedIn, until } from './harness.ts'

const word = fc.oneof(
  fc.constantFrom(
    ...[
      '',
      '0',
      '1',
      '-1',
      '3.5',
      'NaN',
      '1e400',
      '4294967296',
      '2147483647',
      '1.7976931348623157E308',
      'true',
    ],
    ...[
      '20261120',
      '20261120-09:30:00',
      '99999999-99:99:99',
      '00010101-00:00:00',
      '20261120 09:30:00 Bad/Zone',
    ],
    ...['AAPL', 'ES', 'EUR', 'STK', 'FUT', 'CASH', 'SMART', 'CME', 'USD', 'BUY', 'SELL', 'MKT', 'LMT', 'STP'],
    ...['1 min', '1 day', '1 secs', '1 D', '999999 Y', '60 S', 'TRADES', 'SCHEDULE', 'BID_ASK', 'DAY', 'GTC'],
    ...['__proto__', 'constructor', '202612', 'ünï', '\u001b[2J'],
  ),
  fc.string({ maxLength: 10 }).map((text) => text.replaceAll('\0', '')),
)
/** One that the catalogue may have, so that what follows it is read. */
const contract = fc
  .tuple(
    fc.constantFrom('AAPL', 'ES', 'EUR', 'SPY'),
    fc.constantFrom('STK', 'FUT', 'CASH'),
    fc.constantFrom('', '202612'),
    fc.constantFrom('SMART', 'CME', 'IDEALPRO'),
  )
  .map(([symbol, type, expiry, exchange]) => [
    '',
    symbol,
    type,
    expiry,
    '',
    '',
    '',
    exchange,
    '',
    'USD',
    '',
    '',
  ])
/** Requests about contracts: how many fields come before the contract. */
const shaped = fc
  .tuple(
    fc.constantFrom([20, 1], [87, 1], [1, 2], [50, 2], [9, 2], [3, 1]),
    contract,
    fc.array(word, { maxLength: 12 }),
    fc.nat(9),
  )
  .map(([[id = 0, before = 0], about, rest, request]) => [
    ...[id, ...Array.from({ length: before }, () => request)],
    ...about,
    ...rest,
  ])
const shapeless = fc
  .tuple(
    fc.oneof(fc.constantFrom(...Object.keys(messageTable).map(Number)), fc.integer()),
    fc.array(word, { maxLength: 40 }),
  )
  .map(([id, fields]) => [id, ...fields])
const message = fc.oneof(shaped, shapeless)

/** Says how long a client that does nothing wrong waits for the time. */
async function asksTheTime(client: RawClient): Promise<void> {
  const before = client.frames.length
  client.send(49, 1)
  await until(() => client.frames.slice(before).some(([id]) => id === '49'))
}

async function gatewayAndWitness(t: Test): Promise<{ gateway: StartedGateway; witness: RawClient }> {
  const gateway = await startLoggedIn(t, {
    maxMessagesPerSecond: 1e9,
    ghostSlotSeconds: 0,
    pacing: 'relaxed',
  })
  return { gateway, witness: await RawClient.ready(t, gateway.port, 999) }
}

/** Writes and waits until the server has read it and answered, or closed. */
async function pour(t: Test, port: number, bytes: readonly Uint8Array[]): Promise<void> {
  const socket: Socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  socket.resume()
  for (const part of bytes) {
    if (socket.destroyed) break
    await new Promise((resolve) => socket.write(part, resolve))
  }
  socket.end()
  await until(() => socket.closed)
}

t.test('random bytes and handshakes', async (t) => {
  const { gateway, witness } = await gatewayAndWitness(t)
  const greeting = fc
    .tuple(
      fc.constantFrom('v100..193', 'v1..2', 'v99999999999999999999', 'v', '', 'v100..193 +PACEAPI'),
      fc.boolean(),
    )
    .map(([text, whole]) => {
      const payload = Buffer.from(text)
      const length = Buffer.alloc(4)
      length.writeInt32BE(whole ? payload.length : -payload.length - 1)
      return Buffer.concat([Buffer.from('API\0'), length, payload])
    })
  const bytes = fc.uint8Array({ maxLength: 64 })
  const start = fc.array(word, { maxLength: 5 }).map((fields) => encodeFrame([71, ...fields]))
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(greeting, bytes, start), { maxLength: 6 }), async (parts) => {
      await pour(t, gateway.port, parts)
      await asksTheTime(witness)
    }),
    runs(100),
  )
})

t.test('random messages in every version, cut anywhere', async (t) => {
  const { gateway, witness } = await gatewayAndWitness(t)
  const property = fc.asyncProperty(
    fc.constantFrom(100, 163, 176, 178, 193, 200),
    fc.array(message, { minLength: 20, maxLength: 60 }),
    fc.nat({ max: 4_000 }),
    async (version, messages, cut) => {
      const hello = Buffer.from(`v100..${version}`)
      const stream = Buffer.concat([
        Buffer.from('API\0'),
        Buffer.from([0, 0, 0, hello.length]),
        hello,
        encodeFrame([71, 2, 1, '']),
        ...messages.map(encodeFrame),
      ])
      await pour(t, gateway.port, [stream.subarray(0, cut), stream.subarray(cut)])
      await asksTheTime(witness)
    },
  )
  await fc.assert(property, runs(60))
  t.ok(gateway.requests.length > 500, 'they were understood as messages')
})

t.test('seconds of a century are refused, not made up', async (t) => {
  const { gateway } = await gatewayAndWitness(t)
  const client = await RawClient.ready(t, gateway.port, 5)
  const about = ['', 'AAPL', 'STK', '', '', '', '', 'SMART', '', 'USD', '', '']
  client.send(20, 7, ...about, 0, '', '1 secs', '100 Y', 1, 'TRADES', 2, 0, '')
  const refusal = () => client.frames.find(([id, about]) => id === '4' && about === '7')
  await until(() => refusal() !== undefined)
  t.match(refusal(), ['4', '7', '162', /Time length exceed max/])
})

t.test('a record of requests holds no megabytes', async (t) => {
  const { gateway } = await gatewayAndWitness(t)
  const client = await RawClient.ready(t, gateway.port, 5)
  client.send(49, 'x'.repeat(2_000_000), ...Array.from({ length: 5_000 }, () => 'y'))
  await client.message(49)
  t.ok(JSON.stringify(gateway.requests.at(-1)).length < 5_000)
})

t.test('who asks and never reads is thrown out', async (t) => {
  const { gateway, witness } = await gatewayAndWitness(t)
  const deaf = await RawClient.ready(t, gateway.port, 5)
  deaf.socket.pause()
  // The id of reqUserInfo is sent back.
  const echo = encodeFrame([104, 'x'.repeat(4_000_000)])
  for (let sent = 0; sent < 24; sent++) deaf.socket.write(echo)
  const idIsFree = async () => {
    const other = new RawClient(gateway.port)
    t.teardown(() => other.socket.destroy())
    other.greet('v100..193')
    await until(() => other.frames.length > 0)
    other.startApi(5)
    await until(() => other.frames.length > 1)
    return other.frames.some(([id]) => id === '9')
  }
  for (let tries = 0; !(await idIsFree()); tries++) if (tries > 200) t.bailout('it is still there')
  await asksTheTime(witness)
})

t.test('who greets byte by byte is shown the door in time, who has said who it is stays', async (t) => {
  const { port } = await startLoggedIn(t, { greetingSeconds: 1.5 })
  const polite = await RawClient.ready(t, port)
  const loris = new RawClient(port)
  loris.socket.write(Buffer.from('API\0\0\0\0\u007f', 'latin1'))
  const drip = setInterval(() => loris.socket.write('v'), 50)
  t.teardown(() => clearInterval(drip))
  await until(() => loris.socket.closed)
  await asksTheTime(polite)
})

t.test('who subscribes to everything gets so much and no more', async (t) => {
  const { gateway } = await gatewayAndWitness(t)
  const greedy = await RawClient.ready(t, gateway.port, 5)
  const about = ['', 'AAPL', 'STK', '', '', '', '', 'SMART', '', 'USD', '', '']
  for (let id = 1; id <= 2_100; id++) greedy.send(50, 3, id, ...about, 5, 'TRADES', 1, '')
  await until(() => greedy.errors().filter((code) => code === 322).length === 100)
})
