// Contracts and history over a raw socket: what is answered, what is refused, and that prices are a pure function of time.
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { barsOf, daysCovered } from '../../src/simulator/bars.ts'
import { listing } from '../../src/simulator/catalogue.ts'
import { RawClient, startLoggedIn, until } from './harness.ts'

const nowMs = Date.UTC(2026, 10, 18, 16)
const aapl = ['', 'AAPL', 'STK', '', '', '', '', 'SMART', '', 'USD', '', '']

interface Asked {
  contract?: string[]
  end?: string
  size?: string
  duration?: string
  rth?: number
  what?: string
  format?: number
  keep?: number
  expired?: number
}

async function client(t: Test, versions = 'v100..193') {
  let passedMs = 0
  const clock = {
    now: () => nowMs + passedMs,
    schedule(task: () => void, delayMs: number) {
      const timer = setTimeout(task, Math.min(delayMs, 20))
      return () => clearTimeout(timer)
    },
  }
  const pass = (ms: number) => {
    passedMs += ms
  }
  const gateway = await startLoggedIn(t, { clock, maxMessagesPerSecond: 1_000, pacing: 'relaxed' })
  const raw = await RawClient.ready(t, gateway.port, 1, versions)
  const history = async (asked: Asked) => {
    const reqId = gateway.requests.length + 100
    const { contract = aapl, end = '20260612 16:00:00 US/Eastern', size = '1 hour', duration = '1 D' } = asked
    const { rth = 1, what = 'TRADES', format = 1, keep = 0, expired = 0 } = asked
    raw.send(20, reqId, ...contract, expired, end, size, duration, rth, what, format, keep, '')
    return answer(reqId)
  }
  /** The frame or error that answers a request. */
  const answer = async (reqId: number) => {
    const found = () =>
      raw.frames.find((frame) => frame[frame[0] === '4' && frame.length === 6 ? 2 : 1] === String(reqId))
    await until(() => found() !== undefined)
    return found() ?? []
  }
  return { raw, history, answer, pass }
}

const codeOf = (frame: string[]) => Number(frame[3])
const rows = (frame: string[], at = 5) =>
  Array.from({ length: Number(frame[at - 1]) }, (_, row) => frame.slice(at + 8 * row, at + 8 * row + 8))

t.test('regular hours: seven hour bars, the first from 09:30', async (t) => {
  const { history } = await client(t)
  const bars = rows(await history({}))
  t.strictSame(
    bars.map(([date]) => date),
    ['09:30', '10:00', '11:00', '12:00', '13:00', '14:00', '15:00'].map(
      (time) => `20260612 ${time}:00 US/Eastern`,
    ),
  )
  for (const [, open, high, low, close] of bars.map((bar) => bar.map(Number))) {
    t.ok(Math.min(open ?? 0, close ?? 0) >= (low ?? 0) && Math.max(open ?? 0, close ?? 0) <= (high ?? 0))
  }
  t.strictSame(rows(await history({})), bars, 'the same again')
})

t.test('dates, durations and seasons', async (t) => {
  const { history } = await client(t)
  const dates = async (asked: Asked) => rows(await history(asked)).map(([date]) => date)
  t.strictSame(await dates({ size: '1 day', duration: '3 D' }), ['20260610', '20260611', '20260612'])
  t.equal((await dates({ size: '1 min', duration: '2 D' })).length, 780)
  t.equal((await dates({ end: '20260612 20:00:00 US/Eastern', size: '5 mins', rth: 0 })).length, 16 * 12)
  t.strictSame(await dates({ size: '5 mins', duration: '600 S', format: 2 }), ['1781293800', '1781294100'])
  t.equal((await dates({ end: '20260114-21:00:00', size: '30 mins' }))[0], '20260114 09:30:00 US/Eastern')
  t.equal((await dates({ end: '20260614 12:00:00 UTC', size: '1 day' })).at(-1), '20260612', 'on a Sunday')
  t.equal((await dates({ size: '1 week', duration: '4 W' })).length, 4)
  t.equal((await dates({ size: '1 month', duration: '1 Y' })).length, 13)
  t.equal(
    (await dates({ end: '', size: '1 hour', duration: '1 D' })).at(-1),
    '20261118 10:00:00 US/Eastern',
    'now',
  )
})

t.test('only trades have a volume', async (t) => {
  const { history } = await client(t)
  t.match(rows(await history({ what: 'MIDPOINT' }))[0]?.slice(5), ['-1', '-1', '-1'])
})

t.test('from version 196 on, the span comes in a message of its own', async (t) => {
  const { raw, history } = await client(t, 'v100..200')
  t.equal(rows(await history({}), 3).length, 7)
  t.match((await raw.message(108))[2], /^20260612 09:30:00 US\/Eastern$/)
})

t.test('refusals', async (t) => {
  const { history } = await client(t)
  const code = async (asked: Asked) => codeOf(await history(asked))
  t.equal(await code({ contract: ['', 'NOSUCH', 'STK', '', '', '', '', 'SMART', '', 'USD', '', ''] }), 200)
  const ambiguous = await history({ contract: ['', 'BHP', 'STK', '', '', '', '', 'SMART', '', '', '', ''] })
  t.match(ambiguous[4], /BHP is ambiguous/)
  t.equal(await code({ end: '1970-01-01' }), 10_314)
  t.equal(await code({ end: '20260612 16:00:00 Mars/Base' }), 10_314)
  t.equal(await code({ end: '19700105 16:00:00 UTC' }), 162)
  t.equal(await code({ size: '7 mins' }), 321)
  t.equal(await code({ size: 'constructor' }), 321)
  t.equal(await code({ duration: '400 D' }), 321)
  t.equal(await code({ duration: '1 X' }), 321)
  t.equal(await code({ what: 'GOSSIP' }), 321)
})

t.test('small bars are paced: the same request within 15 s, six of a series within 2 s', async (t) => {
  const { history } = await client(t)
  const small: Asked = { size: '5 secs', duration: '60 S' }
  t.equal(rows(await history(small)).length, 12)
  t.match((await history(small))[4], /pacing violation/)
  for (let minute = 1; minute <= 4; minute++) {
    t.equal(rows(await history({ ...small, end: `20260612 15:0${minute}:00 US/Eastern` })).length, 12)
  }
  t.match((await history({ ...small, end: '20260612 15:09:00 US/Eastern' }))[4], /pacing violation/)
  t.equal(rows(await history({ size: '1 min', duration: '60 S' })).length, 1, 'a minute and more is free')
})

t.test('schedule, head timestamp, updates and their end', async (t) => {
  const { raw, history, answer } = await client(t)
  const schedule = await history({ what: 'SCHEDULE', size: '1 day', duration: '2 D' })
  t.strictSame(schedule.slice(2), [
    '20260611-09:30:00',
    '20260612-16:00:00',
    'US/Eastern',
    '2',
    ...['20260611-09:30:00', '20260611-16:00:00', '20260611'],
    ...['20260612-09:30:00', '20260612-16:00:00', '20260612'],
  ])
  raw.send(87, 7, ...aapl, 0, 1, 'TRADES', 1)
  t.strictSame(await answer(7), ['88', '7', '19801212-14:30:00'])
  raw.send(20, 8, ...aapl, 0, '', '5 mins', '1 D', 1, 'TRADES', 1, 1, '')
  const update = await raw.message(90)
  t.equal(update[3], '20261118 10:55:00 US/Eastern')
  raw.send(25, 1, 8)
  raw.send(25, 1, 8)
  await until(() => raw.errors().includes(366))
  t.strictSame(raw.errors().slice(3), [162, 366])
})

t.test('a contract: what is asked for, every listing of it, and quarterly futures', async (t) => {
  const { raw } = await client(t)
  raw.send(9, 8, 1, ...['', 'ES', 'FUT', '', '', '', '', 'CME', '', '', '', ''], 0, '', '', '')
  await raw.message(52)
  const months = raw.frames.filter(([id]) => id === '10').map((frame) => frame[4]?.slice(0, 8))
  t.strictSame(months, ['20261218', '20270319', '20270618', '20270917'])
})

t.test('a message of 60,000 bars', async (t) => {
  const { history } = await client(t)
  t.ok(rows(await history({ size: '1 min', duration: '63 D', rth: 0 })).length > 60_000)
})

t.test('the bar that still forms is at the end, as far as it has come; a past end cuts none', async (t) => {
  const { history, pass } = await client(t)
  const minutes = async (end: string) =>
    rows(await history({ end, size: '1 min', duration: '180 S', format: 2 })).map((bar) => bar.slice(0, 7))
  t.equal((await minutes('')).at(-1)?.[0], String(nowMs / 1000 - 60), 'nothing has formed yet')
  pass(30_500)
  const [before, half] = [(await minutes('')).at(-2), (await minutes('')).at(-1)]
  t.equal(before?.[0], String(nowMs / 1000 - 60))
  t.equal(half?.[0], String(nowMs / 1000))
  const [today] = rows(await history({ end: '', size: '1 day', duration: '1 D' }))
  t.equal(today?.[0], '20261118')
  pass(60_000)
  const whole = (await minutes('20261118-16:01:00')).at(-1)
  t.equal(whole?.[0], half?.[0])
  t.not(whole?.[5], half?.[5], 'it has grown')
  t.strictSame((await minutes('20261118-16:00:20')).at(-1), whole, 'an end within it does not cut it')
})

t.test('holidays and half days in bars, schedules and contract hours', async (t) => {
  const { raw, history, answer, pass } = await client(t)
  const week = { end: '20251201-23:59:59', duration: '5 D', size: '1 day' }
  const days = async (asked: Asked) =>
    (await history({ ...week, ...asked, what: 'SCHEDULE' })).slice(6).filter((_, at) => at % 3 === 1)
  const closes = ['25-16', '26-16', '28-13'].map((at) => `202511${at}:00:00`)
  t.strictSame((await days({})).slice(1), [...closes, '20251201-16:00:00'])
  t.equal((await days({ rth: 0 })).at(-2), '20251128-17:00:00')
  const halfDay = { end: '20251128-23:00:00', size: '5 mins', duration: '1 D' }
  t.equal(rows(await history(halfDay)).length, 3.5 * 12)
  t.equal(rows(await history({ ...halfDay, rth: 0 })).length, 13 * 12)
  const es = ['', 'ES', 'FUT', '20261218', '', '', '', 'CME', '', '', '', '']
  const dates = async (asked: Asked) =>
    rows(await history({ ...asked, contract: es, size: '1 day' })).map(([date]) => date)
  t.ok((await dates({ end: '20251201-23:00:00', duration: '5 D' })).includes('20251127'))
  t.notOk((await dates({ end: '20251231-23:00:00', duration: '8 D' })).includes('20251225'))
  pass(7 * 86_400_000)
  raw.send(9, 8, 901, ...aapl, 0, '', '', '')
  t.match((await answer(901)).join(' '), /;20261126:CLOSED;20261127:0930-20261127:1300;/)
})

t.test(
  'a stock that few trade has no bar for about a third of its minutes, always the same ones',
  async (t) => {
    const { history } = await client(t)
    const contract = aapl.with(1, 'THIN')
    const minutes = async (asked: Asked) =>
      rows(await history({ contract, size: '1 min', duration: '1 D', ...asked })).map(([date]) => date)
    const found = await minutes({})
    t.ok(found.length > 390 * 0.6 && found.length < 390 * 0.75, `${found.length} of 390`)
    t.strictSame(
      (await minutes({ end: '20260612 12:00:00 US/Eastern', duration: '3600 S' })).join(),
      found.filter((date) => / 11:/.test(date ?? '')).join(),
    )
    const schedule = await history({ contract, what: 'SCHEDULE', size: '1 day' })
    t.strictSame(schedule.slice(2, 4), ['20260612-09:30:00', '20260612-16:00:00'])
    t.equal((await minutes({ size: '1 day' })).length, 1)
  },
)

t.test('an expired future is known to those who ask for it', async (t) => {
  const { history } = await client(t)
  const contract = ['', 'ES', 'FUT', '20260619', '', '', '', 'CME', '', '', '', '']
  const asked = { contract, size: '1 day', duration: '3 D', end: '20261001-00:00:00' }
  t.equal(codeOf(await history(asked)), 200)
  const dates = rows(await history({ ...asked, expired: 1 })).map(([date]) => date)
  t.strictSame(dates, ['20260617', '20260618', '20260619'], 'and its last bar is of its last day')
})

t.test('a class of shares is told by a blank', async (t) => {
  const { raw, answer } = await client(t)
  raw.send(9, 8, 902, ...aapl.with(1, 'BRK B').with(8, 'NYSE'), 0, '', '', '')
  t.match((await answer(902)).join('|'), /BRK B\|STK.*NYSE/)
})

t.test('five-second bars come in trading hours only', async (t) => {
  const { raw, pass } = await client(t)
  const count = (id: string) => raw.frames.filter(([first]) => first === id).length
  raw.send(50, 3, 903, ...aapl, 5, 'TRADES', 1, '')
  await until(() => count('50') > 1)
  pass(8 * 86_400_000)
  raw.send(1, 11, 904, ...aapl, 0, '', 0, 0, '')
  await until(() => count('81') === 1)
  const before = { bars: count('50'), ticks: count('1') }
  await until(() => count('1') > before.ticks + 30)
  t.equal(count('50'), before.bars, 'on Thanksgiving there are none, while quotes flow')
})

t.test('a year of days and a day of minutes are quick to make', async (t) => {
  const [instrument] = listing(nowMs)
  if (!instrument) throw new Error('empty catalogue')
  for (const [unit, count, size] of [
    ['Y', 1, { calendar: 'day' }],
    ['D', 1, { seconds: 60 }],
    ['Y', 20, { calendar: 'day' }],
  ] as const) {
    const times = [1, 2, 3].map(() => {
      const startedAt = performance.now()
      barsOf(instrument, size, daysCovered(instrument, { count, unit }, nowMs, true), nowMs, nowMs)
      return performance.now() - startedAt
    })
    t.ok(
      Math.min(...times) < 20 * count,
      `${count} ${unit}: ${times.map((ms) => ms.toFixed(1)).join(' ')} ms`,
    )
  }
})

t.test('prices are a pure function: any window shows the same bars', async () => {
  const [instrument] = listing(nowMs)
  if (!instrument) throw new Error('empty catalogue')
  const dayMs = 86_400_000
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 1, max: 5 }), (daysBack, count) => {
      const endMs = nowMs - daysBack * dayMs
      const bars = (days: number) => {
        const covered = daysCovered(instrument, { count: days, unit: 'D' }, endMs, true)
        return barsOf(instrument, { seconds: 900 }, covered, endMs, nowMs)
      }
      const [short, long] = [bars(count), bars(count + 2)]
      return JSON.stringify(long.slice(-short.length)) === JSON.stringify(short)
    }),
    { numRuns: 30 },
  )
})
