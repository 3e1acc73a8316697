// What a request asks of the pacer, and which limits bind it.
import t from 'tap'
import type { IbHistory } from '../../../src/ports/ib.ts'
import { claimOf } from '../../../src/session/pacing/claims.ts'
import { rulesFor } from '../../../src/session/pacing/rules.ts'

const contract = { symbol: 'AAPL', secType: 'STK', exchange: 'SMART', currency: 'USD' }
const question: IbHistory = {
  contract,
  endMs: 1_000,
  duration: '1 D',
  barSize: '1 min',
  whatToShow: 'TRADES',
  useRth: true,
}
const bars = (changes: Partial<IbHistory> = {}) => {
  const claim = claimOf('historicalBars', { ...question, ...changes }, 'background')
  if (claim.kind !== 'historical') throw new Error(claim.kind)
  return claim
}

t.test('requests for the same contract, exchange and type of data are one series', async (t) => {
  t.equal(bars().series, bars({ endMs: 2_000, duration: '2 D', barSize: '1 hour', useRth: false }).series)
  t.equal(
    bars({ contract: { ...contract, conId: 7 } }).series,
    bars({ contract: { conId: 7, exchange: 'SMART' } }).series,
    'the id says all',
  )
  for (const other of [
    { whatToShow: 'MIDPOINT' },
    { contract: { ...contract, exchange: 'ARCA' } },
    { contract: { ...contract, symbol: 'MSFT' } },
    { contract: { ...contract, lastTradeDateOrContractMonth: '202612' } },
  ])
    t.not(bars().series, bars(other).series, JSON.stringify(other))
})

t.test('requests are identical when all that is asked is, in whatever order it is written', async (t) => {
  const { endMs, ...rest } = question
  t.equal(bars().identity, claimIdentity({ ...rest, endMs: endMs as number }))
  for (const other of [{ endMs: 2_000 }, { duration: '2 D' }, { barSize: '1 hour' }, { useRth: false }])
    t.not(bars().identity, bars(other).identity, JSON.stringify(other))
  t.not(bars().identity, bars({ contract: { ...contract, includeExpired: true } }).identity)
})

t.test('bid and ask together weigh double; bars of 30 s and less are small', async (t) => {
  t.equal(bars({ whatToShow: 'BID_ASK' }).weight, 2)
  t.equal(bars().weight, 1)
  for (const barSize of ['1 secs', '5 secs', '30 secs', '1 sec', 'odd'])
    t.ok(bars({ barSize }).smallBars, barSize)
  for (const barSize of ['1 min', '5 mins', '1 hour', '4 hours', '1 day', '1 week', '1W', '1M'])
    t.notOk(bars({ barSize }).smallBars, barSize)
})

t.test('schedules and head timestamps are historical, details and quotes are not', async (t) => {
  const schedule = claimOf('schedule', { contract, duration: '1 M', useRth: true }, 'outage')
  t.match(schedule, { kind: 'historical', priority: 'outage', weight: 1, smallBars: false })
  const head = claimOf('headTimestamp', { contract, whatToShow: 'TRADES', useRth: true }, 'outage')
  t.match(head, { kind: 'historical', series: bars().series, smallBars: false })
  for (const kind of ['contractDetails', 'quote', 'marketData'] as const)
    t.strictSame(claimOf(kind, contract, 'interactive'), { kind: 'request', priority: 'interactive' })
})

t.test('which limits bind what', async (t) => {
  const names = (...args: Parameters<typeof rulesFor>) =>
    rulesFor(...args).map(({ key }) => key.split(' ')[0])
  const relaxed = { mode: 'relaxed' } as const
  t.strictSame(names({ kind: 'message', priority: 'interactive' }), ['messages'])
  t.strictSame(names({ kind: 'request', priority: 'interactive' }), ['messages', 'requests'])
  t.strictSame(names({ kind: 'request', priority: 'interactive' }, { minRequestDelayMs: 0 }), ['messages'])
  t.strictSame(names(bars()), ['messages', 'requests', 'historical', 'series', 'identity'])
  t.strictSame(names(bars(), relaxed), ['messages', 'requests'])
  t.strictSame(names(bars({ barSize: '30 secs' }), relaxed), names(bars()), 'small bars keep all')
  const realTime = claimOf('realTimeBars', { contract, whatToShow: 'TRADES', useRth: false }, 'interactive')
  t.strictSame(names(realTime), ['messages', 'requests', 'real-time'])
})

function claimIdentity(question: IbHistory): string {
  const claim = claimOf('historicalBars', question, 'background')
  return claim.kind === 'historical' ? claim.identity : ''
}
