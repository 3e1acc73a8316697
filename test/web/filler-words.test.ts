// The gap filler in words.
import t from 'tap'
import type { GapFillerStatus } from '../../schemas/market-data.ts'
import { count, dayWords, fillerState } from '../../web/src/market-data/filler-words.ts'

const idle: GapFillerStatus = {
  enabled: true,
  running: false,
  series: 3,
  gapsFound: 0,
  gapsFilled: 0,
  barsWritten: 0,
  failed: 0,
  pacingWaits: 0,
  pacingErrors: 0,
}
const at = (stage: 'scanning' | 'filling') => ({ stage, done: 0, total: 3, symbols: [] })

const states: Array<[string, Partial<GapFillerStatus>, string]> = [
  ['without a data connection', { enabled: false }, 'off'],
  ['while it scans', { running: true, current: at('scanning') }, 'moving'],
  ['while it fills', { running: true, current: at('filling') }, 'moving'],
  ['with series that failed', { failed: 1, gapsFound: 2 }, 'trouble'],
  ['with gaps left', { gapsFound: 3, gapsFilled: 1 }, 'warn'],
  ['with nothing left', { gapsFound: 3, gapsFilled: 3 }, 'good'],
]
for (const [when, part, tone] of states)
  t.test(`the filler's state ${when}`, async (t) => {
    t.equal(fillerState({ ...idle, ...part }).tone, tone)
  })

t.test('numbers take their noun', async (t) => {
  t.strictSame(
    [count(1, 'gap'), count(1204, 'gap'), count(0, 'bar'), count(2, 'series')],
    ['1 gap', '1,204 gaps', '0 bars', '2 series'],
  )
})

t.test('a day says what is missing, and how far that is known', async (t) => {
  const day = Date.parse('2026-11-20T00:00:00Z')
  t.strictSame(
    [
      dayWords({ day, state: 'whole', hours: 0 }),
      dayWords({ day, state: 'closed', hours: 0 }),
      dayWords({ day, state: 'unknown', hours: 0 }),
      dayWords({ day, state: 'gap', hours: 2, missingBars: 2, class: 'missing' }),
      dayWords({ day, state: 'gap', hours: 6.5, class: 'outage' }),
      dayWords({ day, state: 'gap', hours: 0.2, class: 'no-data' }),
    ],
    [
      '2026-11-20: nothing missing',
      '2026-11-20: weekend',
      '2026-11-20: not looked at',
      '2026-11-20: 2 bars missing',
      '2026-11-20: 6.5 h within a longer gap, lost in an outage of ours',
      '2026-11-20: 12 min within a longer gap, IB has none',
    ],
  )
})
