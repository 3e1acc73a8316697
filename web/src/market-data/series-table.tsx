// The series that are kept: what each is of, from when to when, and what stands in its way.
import type { Series } from '../../../schemas/market-data.ts'
import { Panel, WideTable } from '../ui/facts.tsx'
import { State } from '../ui/state.tsx'
import { Age, Moment } from '../ui/time.tsx'
import { seriesKey } from './coverage.ts'
import { count } from './filler-words.ts'
import type { Listed } from './lists.ts'
import { ShowMore, useRowsShown } from './show-more.tsx'

export function SeriesTable({ series }: { readonly series: Listed<Series> }) {
  const shown = useRowsShown()
  return (
    <Panel title="Series" wide>
      <p class="panel-note">
        {count(series.items.length, 'series')}
        {series.more && ' and more'}.
      </p>
      <WideTable label="Series">
        <thead>
          <tr>
            <th scope="col">Series</th>
            <th scope="col">State</th>
            <th scope="col">Contract</th>
            <th scope="col">First bar</th>
            <th scope="col">Last bar</th>
            <th scope="col">Scanned</th>
          </tr>
        </thead>
        <tbody>
          {series.items.slice(0, shown.value).map((one) => (
            <Row key={seriesKey(one)} series={one} />
          ))}
        </tbody>
      </WideTable>
      <ShowMore shown={shown} of={series.items.length} />
    </Panel>
  )
}

function Row({ series }: { readonly series: Series }) {
  const { symbol, timeframe, secType, exchange, currency, whatToShow, useRth, origin } = series
  return (
    <tr>
      <th scope="row">
        <bdi>{symbol}</bdi> <span class="soft">{timeframe}</span>
      </th>
      <td class="cell-words">
        <SeriesState series={series} />
      </td>
      <td>
        {[secType, exchange, currency, whatToShow].join(' ')}
        {useRth && ', regular hours'}
        {origin === 'file' && ', from its file'}
      </td>
      <td>{series.firstBarAt === undefined ? '–' : <Moment at={series.firstBarAt} />}</td>
      <td>{series.lastBarAt === undefined ? '–' : <Moment at={series.lastBarAt} />}</td>
      <td>{series.scannedAt === undefined ? 'not yet' : <Age at={series.scannedAt} suffix=" ago" />}</td>
    </tr>
  )
}

function SeriesState({ series: { problem, scannedAt, gaps } }: { readonly series: Series }) {
  if (problem)
    return (
      <>
        <State tone="person">cannot be scanned or filled</State>
        <p class="fact-detail">
          <bdi>{problem.message}</bdi> <code>{problem.code}</code>
        </p>
      </>
    )
  if (scannedAt === undefined) return <State tone="moving">not looked at yet</State>
  if (gaps === undefined || gaps === 0) return <State tone="good">no gaps</State>
  return <State tone="warn">{count(gaps, 'gap')}</State>
}
