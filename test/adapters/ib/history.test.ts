// Historical answers as servers write them, odd and hostile ones included: wrong numbers become NaN, and nothing becomes a crash.
import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { ibConnector } from '../../../src/adapters/ib/connector.ts'
import { endDateTime, timeMs } from '../../../src/adapters/ib/times.ts'
import type { IbBar } from '../../../src/ports/ib.ts'
import { watch } from '../../contracts/ib.ts'
import { accounts, frame, frameOf, orderId, startTwsStub } from '../../session/tws-stub.ts'
import { until } from '../../simulator/harness.ts'

const connector = ibConnector()
const firstId = 1_000_000_000
const asked = {
  contract: { symbol: 'ES', secType: 'FUT', exchange: 'CME', includeExpired: true },
  whatToShow: 'TRADES',
  useRth: false,
  duration: '1800 S',
  barSize: '1 min',
}
const bars = (...rows: ReadonlyArray<ReadonlyArray<string | number>>) =>
  frameOf([17, firstId, 'start', 'end', rows.length, ...rows.flat()])

/** An open connection to a server that says only what the test writes, and the fields of what it was asked. */
async function connected(t: Test) {
  const heard: string[][] = []
  const { port, sockets } = await startTwsStub(t, {
    onStart: (socket) => {
      socket.on('data', (chunk) => heard.push(...messages(chunk)))
      socket.write(Buffer.concat([accounts, orderId]))
    },
  })
  const watched = watch(t, connector, port)
  await watched.ready
  const [socket] = sockets
  return { ...watched, watched, heard, socket: socket as Socket }
}

function messages(chunk: Buffer): string[][] {
  const found: string[][] = []
  for (let at = 0; at + 4 <= chunk.length; ) {
    const end = at + 4 + chunk.readUInt32BE(at)
    found.push(chunk.toString('utf8', at + 4, end - 1).split('\0'))
    at = end
  }
  return found
}

t.test('times', async (t) => {
  for (const [text, expected] of [
    ['1775136600', 1_775_136_600_000],
    ['-252345600', -252_345_600_000],
    ['20260402', Date.UTC(2026, 3, 2)],
    ['20260402-13:30:00', Date.UTC(2026, 3, 2, 13, 30)],
    ['99999999', 99_999_999_000],
    ['20260230-25:00:00', Number.NaN],
    ['20261399', Number.NaN],
    ['20260402 09:30:00 US/Eastern', Number.NaN],
    ['NaN', Number.NaN],
    ['', Number.NaN],
    ['1e99', Number.NaN],
    ['9'.repeat(400), Number.NaN],
  ] as const)
    t.ok(Object.is(timeMs(text), expected), `"${text.slice(0, 40)}" is ${expected}`)
  t.equal(endDateTime(Date.UTC(2026, 3, 2, 13, 30, 5)), '20260402-13:30:05')
})

t.test('what is sent', async (t) => {
  const { connection, heard } = await connected(t)
  const giveUp = new AbortController()
  const gone: Array<Promise<unknown>> = [
    connection.request('historicalBars', { ...asked, endMs: Date.UTC(2026, 3, 2) }, giveUp.signal),
    connection.request('schedule', asked, giveUp.signal),
    connection.request('headTimestamp', asked, giveUp.signal),
  ]
  const cancel = connection.stream('realTimeBars', asked, { onItem() {}, onEnd() {} })
  await until(() => heard.length === 4)
  giveUp.abort(new Error('enough'))
  for (const answer of gone) t.match(await answer.catch((error) => error), { message: 'enough' })
  cancel()
  await until(() => heard.length === 8)
  const contract = ['', 'ES', 'FUT', '', '', '', '', 'CME', '', '', '', '']
  const id = (index: number) => String(firstId + index)
  t.strictSame(heard[0], [
    '20',
    id(0),
    ...contract,
    '1',
    '20260402-00:00:00',
    '1 min',
    '1800 S',
    '0',
    'TRADES',
    '2',
    '0',
    '',
  ])
  t.strictSame(heard[1], [
    '20',
    id(1),
    ...contract,
    '1',
    '',
    '1 day',
    '1800 S',
    '0',
    'SCHEDULE',
    '2',
    '0',
    '',
  ])
  t.strictSame(heard[2], ['87', id(2), ...contract, '1', '0', 'TRADES', '2'])
  t.strictSame(heard[3], ['50', '3', id(3), ...contract, '5', 'TRADES', '0', ''])
  t.strictSame(heard.slice(4), [
    ['25', '1', id(0)],
    ['25', '1', id(1)],
    ['90', id(2)],
    ['51', '1', id(3)],
  ])
})

t.test('odd values become NaN, and a missing volume -1', async (t) => {
  const { connection, socket } = await connected(t)
  const answer = connection.request('historicalBars', asked)
  socket.write(
    bars(
      ['1775136600', 1, 2, 0.5, 1.5, 100, 1.2, 7],
      ['yesterday', 'NaN', 'Infinity', '-Infinity', '1.7976931348623157E308', '', '', ''],
      ['20260402', '', 'x', '1e999', '0x10', '-1', '-1', '-1'],
    ),
  )
  t.strictSame(await answer, [
    { timeMs: 1_775_136_600_000, open: 1, high: 2, low: 0.5, close: 1.5, volume: 100 },
    {
      timeMs: Number.NaN,
      open: Number.NaN,
      high: Number.NaN,
      low: Number.NaN,
      close: Number.NaN,
      volume: -1,
    },
    { timeMs: Date.UTC(2026, 3, 2), open: 0, high: Number.NaN, low: Number.NaN, close: 0, volume: -1 },
  ] satisfies IbBar[])
})

t.test('five-second bars go to their own stream, and only until cancelled', async (t) => {
  const { connection, socket, watched } = await connected(t)
  const items: IbBar[] = []
  const cancel = connection.stream('realTimeBars', asked, {
    onItem: (bar) => items.push(bar),
    onEnd: () => t.fail('it goes on'),
  })
  socket.write(frame(50, 3, firstId, 1_775_136_600, 1, 2, 0.5, 1.5, 100, 1.2, 7))
  socket.write(frame(50, 3, firstId + 5, 1_775_136_605, 1, 2, 0.5, 1.5, 100, 1.2, 7))
  socket.write(frame(50, 3, firstId, 'soon', 1, 2, 0.5, 1.5, '', '', ''))
  await until(() => items.length === 2)
  t.strictSame(items[0], { timeMs: 1_775_136_600_000, open: 1, high: 2, low: 0.5, close: 1.5, volume: 100 })
  t.match(items[1], { timeMs: Number.NaN, volume: -1 })
  cancel()
  socket.write(frame(50, 3, firstId, 1_775_136_610, 1, 2, 0.5, 1.5, 100, 1.2, 7))
  socket.write(frame(4, 2, -1, 2106, 'after it', ''))
  await until(() => watched.notices.some(({ code }) => code === 2106))
  t.equal(items.length, 2)
})

t.test('a remark of the historical service is no refusal, a refusal is', async (t) => {
  const { connection, socket } = await connected(t)
  const answer = connection.request('historicalBars', asked)
  socket.write(frame(4, 2, firstId, 165, 'Historical Market Data Service query message:connected', ''))
  socket.write(frame(4, 2, firstId, 2174, 'Warning: You submitted a request without a time zone', ''))
  socket.write(bars(['1775136600', 1, 2, 0.5, 1.5, 100, 1.2, 7]))
  t.equal((await answer).length, 1)
  const refused = connection.request('headTimestamp', asked)
  socket.write(frame(4, 2, firstId + 1, 162, 'Historical Market Data Service error message:no', ''))
  await t.rejects(refused, { code: 'REQUEST_REJECTED', cause: { code: 162 } })
})

t.test('first moments in both forms, and none at all', async (t) => {
  const { connection, socket } = await connected(t)
  for (const [index, [text, expected]] of (
    [
      ['345459600', 345_459_600_000],
      ['19801212-14:30:00', Date.UTC(1980, 11, 12, 14, 30)],
      ['', Number.NaN],
    ] as const
  ).entries()) {
    const answer = connection.request('headTimestamp', asked)
    socket.write(frame(88, firstId + index, text))
    t.ok(Object.is(await answer, expected), `"${text}" is ${expected}`)
  }
})

t.test('a schedule with no session, and one with', async (t) => {
  const { connection, socket } = await connected(t)
  const empty = connection.request('schedule', asked)
  socket.write(frame(106, firstId, '', '', 'US/Central', 0))
  t.strictSame(await empty, { timeZone: 'US/Central', sessions: [] })
  const one = connection.request('schedule', asked)
  const session = ['20260401-17:00:00', '20260402-16:00:00', '20260402']
  socket.write(frame(106, firstId + 1, session[0] ?? '', session[1] ?? '', 'US/Central', 1, ...session))
  t.strictSame(await one, {
    timeZone: 'US/Central',
    sessions: [{ start: session[0], end: session[1], date: session[2] }],
  })
})

t.test('an answer to another kind of question is none', async (t) => {
  const { connection, socket } = await connected(t)
  const schedule = connection.request('schedule', asked)
  socket.write(bars(['1775136600', 1, 2, 0.5, 1.5, 100, 1.2, 7]))
  socket.write(frame(88, firstId, '345459600'))
  socket.write(frame(50, 3, firstId, 1_775_136_600, 1, 2, 0.5, 1.5, 100, 1.2, 7))
  socket.write(frame(52, 1, firstId))
  socket.write(frame(106, firstId, '', '', 'US/Central', 0))
  t.strictSame(await schedule, { timeZone: 'US/Central', sessions: [] })
})

for (const [name, bytes] of Object.entries({
  'a count beyond its bars': frame(17, firstId, 'start', 'end', 4_000_000_000, '1775136600', 1, 2),
  'a negative count': frame(17, firstId, 'start', 'end', -1),
  'a bar with fields missing': frame(17, firstId, 'start', 'end', 1, '1775136600', 1, 2),
  'a bar more than counted': frame(17, firstId, 's', 'e', 0, '1775136600', 1, 2, 3, 4, 5, 6, 7),
  'a schedule that would take all memory': frame(106, firstId, '', '', 'UTC', 33_000_000),
  'a schedule with a count that is none': frame(106, firstId, '', '', 'UTC', 'many'),
  'a schedule with a negative count': frame(106, firstId, '', '', 'UTC', -3),
  'a list of families that would take all memory': frame(78, 33_000_000),
  'a first moment without its text': frame(88, firstId),
  'half a five-second bar': frame(50, 3, firstId, 1_775_136_600, 1),
}))
  t.test(`costs the connection, no more: ${name}`, async (t) => {
    const { connection, socket, watched } = await connected(t)
    const memory = process.memoryUsage().rss
    const answer = connection.request('historicalBars', asked).catch((error) => error)
    socket.write(bytes)
    t.match(await answer, { code: 'CONNECTION_CLOSED', message: /does not speak/ })
    t.match(watched.error, { code: 'CONNECTION_CLOSED' })
    t.ok(process.memoryUsage().rss - memory < 100_000_000)
  })

t.test('60,000 bars are gathered without holding the process up', async (t) => {
  const { connection, socket } = await connected(t)
  const answer = connection.request('historicalBars', asked)
  const rows = Array.from({ length: 60_000 }, (_, minute) => [
    1_775_136_600 + minute * 60,
    ...[510.25, 510.5, 510, 510.25, 1_234_567, 510.2, 89],
  ])
  const bytes = bars(...rows)
  const before = performance.eventLoopUtilization()
  socket.write(bytes)
  const gathered = await answer
  const busyMs = performance.eventLoopUtilization(before).active
  t.equal(gathered.length, 60_000)
  t.equal(gathered.at(-1)?.timeMs, (1_775_136_600 + 59_999 * 60) * 1000)
  t.ok(busyMs < 2_000, `${Math.round(busyMs)} ms`)
})
