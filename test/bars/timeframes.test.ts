// The table of timeframes against IB's limits.
import t from 'tap'
import { timeframes } from '../../schemas/market-data.ts'
import { timeframeFacts } from '../../src/bars/timeframes.ts'

t.test('every timeframe has its step, IB’s word for it and how many days one request may span', async (t) => {
  t.strictSame(
    timeframes.map((name) => [name, ...Object.values(timeframeFacts[name])].join(' | ')),
    [
      '1m | 60000 | 1 min | 1',
      '5m | 300000 | 5 mins | 5',
      '15m | 900000 | 15 mins | 5',
      '30m | 1800000 | 30 mins | 20',
      '1h | 3600000 | 1 hour | 20',
      '4h | 14400000 | 4 hours | 20',
      '1d | 86400000 | 1 day | 250',
    ],
  )
})
