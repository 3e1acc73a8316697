// How the market data side stands, for the figures: open gaps by class, and what was filled over all scans.
import t from 'tap'
import { dayMs, local, makeBars, until } from './world.ts'

t.test('gaps are open while nothing can be asked, then filled, and counted over all scans', async (t) => {
  const { manager, files, track, idle, market } = makeBars(t)
  const name = { symbol: 'SPY', timeframe: '1h' } as const
  market.isUsable = false
  await track('SPY', '1h')
  manager.start()
  await idle()
  t.match(manager.levels(), {
    series: 1,
    openGaps: { missing: 1 },
    scanning: false,
    gapsFilled: 0,
    barsWritten: 0,
  })
  market.connect(true)
  await until(() => manager.levels().gapsFilled === 1)
  await idle()
  const bars = files.barsOf(name)
  t.match(manager.levels(), {
    openGaps: { outage: 0, missing: 0, 'no-data': 0 },
    gapsFilled: 1,
    barsWritten: bars.length,
    failures: 0,
  })
  const lost = bars.filter(
    ({ timeMs }) => timeMs >= Date.UTC(2026, 2, 4, 5) && timeMs < Date.UTC(2026, 2, 4, 5) + dayMs,
  )
  files.plant(
    name,
    bars.filter((bar) => !lost.includes(bar)),
  )
  manager.forceScan(local)
  await idle()
  t.match(manager.levels(), { gapsFilled: 2, barsWritten: bars.length + lost.length, lastScanAt: Number })
})
