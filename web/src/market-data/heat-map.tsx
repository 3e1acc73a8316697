// Which days of which series have holes: a row a series, a column a day. Made from open gaps alone, and says so.
import { useSignal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { Button } from '../ui/button.tsx'
import { Panel } from '../ui/facts.tsx'
import { type DayCoverage, type SeriesCoverage, seriesKey } from './coverage.ts'
import { dayWords } from './filler-words.ts'

export interface HeatMapProps {
  readonly rows: readonly SeriesCoverage[]
  /** There are more gaps than the page has asked for. */
  readonly gapsLeftOut: boolean
}

const rowsAtFirst = 40

export function HeatMap({ rows, gapsLeftOut }: HeatMapProps) {
  const shown = useSignal(rowsAtFirst)
  const box = useRef<HTMLElement>(null)
  // The latest days are what one looks for.
  useLayoutEffect(() => {
    if (box.current) box.current.scrollLeft = box.current.scrollWidth
  }, [])
  const days = rows[0]?.days.map(({ day }) => new Date(day)) ?? []
  return (
    <Panel title="Gap coverage" wide>
      <p class="panel-note">
        The last {days.length} days in UTC, from the open gaps alone: a day without a mark has no gap, or its
        market was closed. The stronger, the more of the day lies within gaps.
        {gapsLeftOut && ' There are more gaps than are shown here.'}
      </p>
      <Legend />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
      <section ref={box} class="heat-box" aria-label="Gap coverage by day" tabIndex={0}>
        <table class="heat">
          <thead>
            <tr>
              <td />
              {days.map((day, index) => (
                <th key={day.getTime()} scope="col">
                  <span class="heat-month" aria-hidden="true">
                    {index === 0 || day.getUTCDate() === 1 ? monthOf(day) : ''}
                  </span>
                  <span aria-hidden="true">{day.getUTCDate()}</span>
                  <span class="only-heard">{day.toISOString().slice(0, 10)}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, shown.value).map(({ series, days }) => (
              <tr key={seriesKey(series)}>
                <th scope="row">
                  <bdi>{series.symbol}</bdi> <span class="soft">{series.timeframe}</span>
                </th>
                {days.map((day) => (
                  <Cell key={day.day} day={day} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {rows.length > shown.value && (
        <Button
          onPress={() => {
            shown.value += 200
          }}
        >
          Show more of {rows.length.toLocaleString('en')} series
        </Button>
      )}
    </Panel>
  )
}

function Cell({ day }: { readonly day: DayCoverage }) {
  const words = dayWords(day)
  return (
    <td title={words}>
      <span class={`heat-day ${lookOf(day)}`} />
      <span class="only-heard">{words}</span>
    </td>
  )
}

function lookOf({ state, hours, class: worst }: DayCoverage): string {
  if (state !== 'gap') return `heat-${state}`
  const depth = hours < 1.5 ? 1 : hours < 5 ? 2 : 3
  return `heat-${worst} heat-depth-${depth}`
}

function Legend() {
  return (
    <ul class="heat-legend">
      <li>
        <span class="heat-day heat-whole" /> no gap
      </li>
      <li>
        <span class="heat-day heat-missing heat-depth-3" /> bars missing
      </li>
      <li>
        <span class="heat-day heat-outage heat-depth-3" /> lost in an outage of ours
      </li>
      <li>
        <span class="heat-day heat-no-data heat-depth-3" /> IB has none
      </li>
      <li>
        <span class="heat-day heat-closed" /> weekend of a US stock
      </li>
      <li>
        <span class="heat-day heat-unknown" /> not looked at
      </li>
    </ul>
  )
}

const monthOf = (day: Date) => day.toLocaleString('en', { month: 'short', timeZone: 'UTC' })
