// The heat map of gaps: what open gaps alone say of a day.
import t from 'tap'
import type { Gap, Series } from '../../schemas/market-data.ts'
import { coverageOf, dayMs, lastDays } from '../../web/src/market-data/coverage.ts'

// A Friday.
const friday = Date.parse('2026-11-20T00:00:00Z')
const spy: Series = {
  symbol: 'SPY',
  timeframe: '1h',
  secType: 'STK',
  exchange: 'SMART',
  currency: 'USD',
  whatToShow: 'TRADES',
  useRth: false,
  origin: 'tracked',
  scannedAt: '2026-11-20T15:00:00Z',
}
const gap = (start: string, end: string, more: Partial<Gap> = {}): Gap => ({
  symbol: 'SPY',
  timeframe: '1h',
  start,
  end,
  missingBars: 3,
  class: 'missing',
  position: 'interior',
  ...more,
})
const days = (series: Series, gaps: Gap[], from = friday, count = 4) =>
  coverageOf(
    [series],
    gaps,
    Array.from({ length: count }, (_, index) => from + index * dayMs),
  )[0]?.days

t.test('the last days end with today, in UTC', async (t) => {
  t.strictSame(
    lastDays(friday + 5, 3).map((day) => new Date(day).toISOString().slice(0, 10)),
    ['2026-11-18', '2026-11-19', '2026-11-20'],
  )
})

t.test('a gap within one day has its bars; gaps add up', async (t) => {
  const found = days(spy, [
    gap('2026-11-20T10:00:00Z', '2026-11-20T13:00:00Z'),
    gap('2026-11-20T15:00:00Z', '2026-11-20T16:30:00Z', { missingBars: 2, class: 'no-data' }),
  ])
  t.match(found?.[0], { state: 'gap', hours: 4.5, missingBars: 5, class: 'missing' })
})

t.test('a gap over several days says how long, not how many bars on which day', async (t) => {
  const found = days(spy, [gap('2026-11-20T18:00:00Z', '2026-11-23T12:00:00Z', { class: 'outage' })])
  t.match(
    found?.map(({ state, hours }) => `${state} ${hours}`),
    ['gap 6', 'closed 0', 'closed 0', 'gap 12'],
  )
  t.notOk(found?.some(({ missingBars }) => missingBars !== undefined))
})

t.test('the evening of a Friday in New York is a Saturday, and not closed when it misses bars', async (t) => {
  const found = days(spy, [gap('2026-11-20T23:00:00Z', '2026-11-21T01:00:00Z')])
  t.match(
    found?.map(({ state }) => state),
    ['gap', 'gap', 'closed', 'whole'],
  )
})

t.test('weekends count as closed only where that is sure', async (t) => {
  const throughout = [gap('2026-11-20T00:00:00Z', '2026-11-24T00:00:00Z')]
  for (const other of [{ secType: 'CRYPTO' }, { currency: 'ILS' }, { exchange: 'OVERNIGHT' }])
    t.match(
      days({ ...spy, ...other }, throughout)?.map(({ state }) => state),
      ['gap', 'gap', 'gap', 'gap'],
    )
})

t.test('what was not looked at, or cannot be, is not called whole', async (t) => {
  const { scannedAt: _, ...unscanned } = spy
  t.match(days(unscanned, [])?.[0], { state: 'unknown' })
  const broken = { ...spy, problem: { code: 'CONTRACT_UNKNOWN', message: 'IB knows no such contract.' } }
  t.match(days(broken, [])?.[0], { state: 'unknown' })
})

t.test('gaps of another series do not count', async (t) => {
  t.match(days(spy, [gap('2026-11-20T10:00:00Z', '2026-11-20T13:00:00Z', { timeframe: '1m' })])?.[0], {
    state: 'whole',
  })
})
