// The open gaps one by one, in the order of the API.
import type { Gap } from '../../../schemas/market-data.ts'
import { Panel, WideTable } from '../ui/facts.tsx'
import { Moment } from '../ui/time.tsx'
import { classWords, count, positionWords } from './filler-words.ts'
import type { Listed } from './lists.ts'
import { ShowMore, useRowsShown } from './show-more.tsx'

export function GapTable({ gaps }: { readonly gaps: Listed<Gap> }) {
  const shown = useRowsShown()
  if (gaps.items.length === 0)
    return (
      <Panel title="Open gaps" wide>
        <p class="panel-note">None: every bar that was expected at the last scan is there.</p>
      </Panel>
    )
  return (
    <Panel title="Open gaps" wide>
      <p class="panel-note">
        {count(gaps.items.length, 'gap')}
        {gaps.more && ' and more'}, as of the last scan.
      </p>
      <WideTable label="Open gaps">
        <thead>
          <tr>
            <th scope="col">Series</th>
            <th scope="col">First missing bar</th>
            <th scope="col">End</th>
            <th scope="col">Bars</th>
            <th scope="col">Class</th>
            <th scope="col">Where</th>
          </tr>
        </thead>
        <tbody>
          {gaps.items.slice(0, shown.value).map((gap) => (
            <tr key={`${gap.timeframe} ${gap.symbol} ${gap.start}`}>
              <th scope="row">
                <bdi>{gap.symbol}</bdi> <span class="soft">{gap.timeframe}</span>
              </th>
              <td>
                <Moment at={gap.start} />
              </td>
              <td>
                <Moment at={gap.end} />
              </td>
              <td>{gap.missingBars.toLocaleString('en')}</td>
              <td>{classWords[gap.class]}</td>
              <td>{positionWords[gap.position]}</td>
            </tr>
          ))}
        </tbody>
      </WideTable>
      <ShowMore shown={shown} of={gaps.items.length} />
    </Panel>
  )
}
