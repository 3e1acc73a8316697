// Servers that send what no gateway would: each costs at most its own connection, never the process: tap fails a file with an uncaught exception.
import t from 'tap'
import { ibConnector } from '../../../src/adapters/ib/connector.ts'
import { FrameReader } from '../../../src/adapters/ib/frames.ts'
import { watch } from '../../contracts/ib.ts'
import { accounts, frame, frameOf, handshake, length, orderId, startTwsStub } from '../../session/tws-stub.ts'
import { until } from '../../simulator/harness.ts'

const connector = ibConnector()

const garbage = Buffer.from(Array.from({ length: 5_000 }, (_, index) => (255 + index * 7919) % 256))

for (const [name, bytes] of Object.entries({
  'an HTTP server': Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
  garbage: garbage,
  'a length of 4 GiB': length(0xffffffff),
  'the length that makes the library loop for ever': length(0xfffffffc),
  'a large first frame': length(4_000_000),
  'an empty frame': length(0),
  'no version in the handshake': frame('hello', 'world'),
  'a handshake without its NUL': Buffer.concat([length(3), Buffer.from('193')]),
}))
  t.test(`instead of a handshake: ${name}`, async (t) => {
    const { port } = await startTwsStub(t, { onHello: (socket) => socket.write(bytes) })
    await t.rejects(watch(t, connector, port).ready, { code: 'CONNECTION_CLOSED', message: /does not speak/ })
  })

for (const [name, bytes] of Object.entries({
  garbage: garbage,
  'the length that makes the library loop for ever': Buffer.concat([length(0xfffffffc), Buffer.alloc(64)]),
  'a frame beyond 16 MiB': length(0x1000000),
  'a frame without its NUL': Buffer.concat([length(4), Buffer.from('49\x001')]),
  'an unknown message': frame(9999, 1),
  'too few fields [505]': frame(49),
  'too many fields [505]': frame(49, 1, 1_700_000_000, 'more', 'and more'),
  'a negative count': frame(85, -5, 1),
  'a count beyond arrays': frame(78, 4_294_967_296),
  'words for numbers': frame(4, 'x', 'y', 'z', 'w', ''),
  'an empty message': frame(''),
}))
  t.test(`after the handshake: ${name}`, async (t) => {
    const { port, sockets } = await startTwsStub(t, {
      onStart: (socket) => socket.write(Buffer.concat([accounts, orderId])),
    })
    const watched = watch(t, connector, port)
    await watched.ready
    const time = watched.connection.currentTime().catch((error) => error)
    sockets[0]?.write(bytes)
    await until(() => watched.error !== undefined || watched.notices.length > 0)
    if (watched.error) {
      t.match(watched.error, { code: 'CONNECTION_CLOSED', message: /does not speak/ })
      t.ok(watched.error.message.length < 1_300, 'and says so in bounds')
      t.match(await time, { code: 'CONNECTION_CLOSED' })
    }
  })

for (const json of ['{"advanced', 'plain text', '{"a":"\\u0022"}', '[]', 'null'])
  t.test(`advancedOrderRejectJson ${json} neither kills the process nor the connection`, async (t) => {
    const { port, sockets } = await startTwsStub(t, {
      onStart: (socket) => socket.write(Buffer.concat([accounts, orderId])),
    })
    const watched = watch(t, connector, port)
    await watched.ready
    sockets[0]?.write(frame(4, 2, 12, 201, 'Order rejected - reason: no', json))
    sockets[0]?.write(frame(4, 2, -1, 2104, 'Market data farm connection is OK:usfarm', ''))
    await until(() => watched.notices.length === 2)
    t.strictSame(watched.notices[0], {
      id: 12,
      code: 201,
      text: 'Order rejected - reason: no',
      orderRejectJson: json,
    })
    t.notOk('orderRejectJson' in (watched.notices[1] ?? {}))
    t.equal(watched.error, undefined)
  })

t.test('a text beyond all bounds is cut', async (t) => {
  const { port, sockets } = await startTwsStub(t, {
    onStart: (socket) => socket.write(Buffer.concat([accounts, orderId])),
  })
  const watched = watch(t, connector, port)
  await watched.ready
  sockets[0]?.write(frame(4, 2, -1, 2104, 'x'.repeat(1_000_000), ''))
  await until(() => watched.notices.length === 1)
  t.equal(watched.notices[0]?.text.length, 1000)
})

t.test('byte by byte is slow but fine', async (t) => {
  const { port } = await startTwsStub(t, {
    onHello: async (socket) => {
      socket.setNoDelay(true)
      for (const byte of handshake()) {
        socket.write(Buffer.of(byte))
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
    onStart: async (socket) => {
      for (const byte of Buffer.concat([accounts, orderId])) {
        socket.write(Buffer.of(byte))
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
  })
  t.match(await watch(t, connector, port).ready, { accounts: ['DU1234567'], nextOrderId: 17 })
})

t.test('a reset is told from an end', async (t) => {
  const { port, sockets } = await startTwsStub(t, {
    onStart: (socket) => socket.write(Buffer.concat([accounts, orderId])),
  })
  const watched = watch(t, connector, port)
  await watched.ready
  sockets[0]?.resetAndDestroy()
  await until(() => watched.error !== undefined)
  t.match(watched.error, { code: 'CONNECTION_CLOSED', message: /broke.*ECONNRESET/ })
})

t.test('what is sent after the end of an attempt is heard by nobody', async (t) => {
  const { port, sockets } = await startTwsStub(t, {})
  const watched = watch(t, connector, port)
  await until(() => watched.steps.includes('accounts'))
  const closing = watched.connection.close()
  sockets[0]?.write(Buffer.concat([accounts, orderId]))
  await closing
  t.strictSame([watched.welcome, watched.error], [undefined, undefined])
})

t.test('frames come out whole however the bytes are cut', async (t) => {
  const stream = Buffer.concat([handshake(), accounts, orderId, frame('x'.repeat(100_000)), orderId])
  for (const size of [1, 3, 4, 5, 17, 4_096, 65_536, stream.length]) {
    const texts: string[] = []
    const reader = new FrameReader()
    for (let at = 0; at < stream.length; at += size)
      reader.push(Buffer.from(stream.subarray(at, at + size)), (text) => texts.push(text) > 0)
    t.strictSame(
      texts.map((text) => text.length),
      [26, 16, 7, 100_001, 7],
      `cut by ${size}`,
    )
  }
})

for (const [name, bytes] of Object.entries({
  '60,000 bars in one message': frameOf([
    ...[17, 1_000_000_000, '20260102', '20260402', 60_000],
    ...Array.from({ length: 60_000 }, () => [
      '20260402 09:30:00 US/Eastern',
      1,
      2,
      0.5,
      1.5,
      100,
      1.2,
      7,
    ]).flat(),
  ]),
  'a million fields too many': frameOf([
    49,
    1,
    1_700_000_000,
    ...Array.from({ length: 1_000_000 }, () => ''),
  ]),
  'a text of nothing but escapes': frame(4, 2, -1, 2104, '\\u0041'.repeat(200_000), ''),
}))
  t.test(`does not stop the process: ${name}`, async (t) => {
    const { port, sockets } = await startTwsStub(t, {
      onStart: (socket) => socket.write(Buffer.concat([accounts, orderId])),
    })
    const watched = watch(t, connector, port)
    await watched.ready
    // The first request is 1,000,000,000; bars that nobody asked for are not looked at.
    const contract = { symbol: 'AAPL', secType: 'STK', exchange: 'SMART', currency: 'USD' }
    const asked = { contract, duration: '1 Y', barSize: '1 min', whatToShow: 'TRADES', useRth: true }
    const bars = watched.connection.request('historicalBars', asked).catch(() => [])
    const before = performance.eventLoopUtilization()
    sockets[0]?.write(Buffer.concat([bytes, frame(4, 2, -1, 2106, 'after it', '')]))
    await until(() => watched.error !== undefined || watched.notices.some(({ code }) => code === 2106))
    const busyMs = performance.eventLoopUtilization(before).active
    t.ok(busyMs < 3_000, `${Math.round(busyMs)} ms`)
    if (!name.startsWith('60,000')) return
    t.equal(watched.error, undefined)
    t.equal((await bars).length, 60_000)
  })

t.test('escapes are decoded once', async (t) => {
  const { port, sockets } = await startTwsStub(t, {
    onStart: (socket) => socket.write(Buffer.concat([accounts, orderId])),
  })
  const watched = watch(t, connector, port)
  await watched.ready
  sockets[0]?.write(frame(4, 2, -1, 2104, 'caf\\u00E9 \\u00zz \\u005cu0041', ''))
  await until(() => watched.notices.length === 1)
  t.equal(watched.notices[0]?.text, 'caf\u00e9 \\u00zz \\u0041')
})
