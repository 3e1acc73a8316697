// Market data: what the gap filler does, which days have holes, and the series and gaps behind them.
import { computed, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { usePolled } from '../polled.ts'
import { history, now } from '../store.ts'
import { EmptyState } from '../ui/empty-state.tsx'
import { Heard } from '../ui/heard.tsx'
import { coverageOf, dayMs, lastDays } from './coverage.ts'
import { Filler } from './filler.tsx'
import { GapTable } from './gap-table.tsx'
import { HeatMap } from './heat-map.tsx'
import { askMarketData, type MarketDataLists } from './lists.ts'
import { SeriesTable } from './series-table.tsx'

const quickMs = 2_000
const slowMs = 10_000
const daysShown = 30

/** Somebody has named a series, or asked for a scan. */
const latestNews = computed(() => history.value.findLast(({ type }) => /^(series|bars)\./.test(type))?.id)

export function MarketDataPage() {
  const working = useSignal(false)
  const polled = usePolled(askMarketData, working.value ? quickMs : slowMs)
  working.value = polled.answer?.filler.running ?? false
  const news = latestNews.value
  useEffect(() => {
    if (news !== undefined) void polled.refresh()
  }, [news])
  return (
    <section class="page" aria-labelledby="page-title">
      <h1 id="page-title" class="page-title">
        Market data
      </h1>
      <Heard polled={polled} what="market data">
        {(lists) => <Lists lists={lists} onScan={polled.refresh} />}
      </Heard>
    </section>
  )
}

interface ListsProps {
  readonly lists: MarketDataLists
  readonly onScan: () => Promise<void>
}

function Lists({ lists: { filler, series, gaps }, onScan }: ListsProps) {
  if (series.items.length === 0)
    return (
      <>
        <Filler status={filler} onScan={onScan} />
        <EmptyState title="No series is kept">
          Name one and its bars are fetched and kept whole: <code>npx ibgm series add SPY 1h</code>
        </EmptyState>
      </>
    )
  // The days change at midnight, not with each second.
  const today = Math.floor(now.peek() / dayMs) * dayMs
  return (
    <>
      <Filler status={filler} onScan={onScan} />
      <HeatMap
        rows={coverageOf(series.items, gaps.items, lastDays(today, daysShown))}
        gapsLeftOut={gaps.more}
      />
      <SeriesTable series={series} />
      <GapTable gaps={gaps} />
    </>
  )
}
