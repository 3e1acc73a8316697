// The gap filler: what it is at, how far, what it has done, and a scan out of turn.
import type { GapFillerStatus } from '../../../schemas/market-data.ts'
import { api } from '../api.ts'
import { asProblem } from '../polled.ts'
import { Button } from '../ui/button.tsx'
import { type Fact, Facts, Panel } from '../ui/facts.tsx'
import { State } from '../ui/state.tsx'
import { Age, Countdown } from '../ui/time.tsx'
import { toast } from '../ui/toast.tsx'
import { count, fillerState } from './filler-words.ts'

export interface FillerProps {
  readonly status: GapFillerStatus
  /** After a scan was begun, or refused. */
  readonly onScan: () => Promise<void>
}

export function Filler({ status, onScan }: FillerProps) {
  const { words, tone } = fillerState(status)
  return (
    <Panel title="Gap filler">
      <div class="filler-head">
        <p role="status">
          <State tone={tone}>{words}</State>
        </p>
        <Button onPress={() => forceScan(onScan)}>Scan now</Button>
      </div>
      <Progress status={status} />
      <Facts facts={factsOf(status)} />
    </Panel>
  )
}

function Progress({ status: { current } }: { readonly status: GapFillerStatus }) {
  if (!current) return null
  const { stage, done, total, symbols, requestsLeft, waitingUntil } = current
  const noun = stage === 'scanning' ? 'series' : 'gap'
  return (
    <div class="filler-progress">
      <progress
        aria-label={stage === 'scanning' ? 'Series scanned' : 'Gaps filled'}
        max={Math.max(1, total)}
        value={done}
      />
      <p>
        {done.toLocaleString('en')} of {count(total, noun)}
        {symbols.length > 0 && (
          <>
            : <bdi>{symbols.slice(0, 5).join(', ')}</bdi>
            {symbols.length > 5 && ` and ${symbols.length - 5} more`}
          </>
        )}
        {requestsLeft !== undefined && requestsLeft > 0 && `; ${count(requestsLeft, 'request')} to go`}
        {waitingUntil !== undefined && (
          <>
            ; IB’s limits make it wait <Countdown until={waitingUntil} />
          </>
        )}
      </p>
    </div>
  )
}

function factsOf(status: GapFillerStatus): Fact[] {
  const {
    series,
    gapsFound,
    gapsFilled,
    barsWritten,
    pacingWaits,
    pacingErrors,
    lastScanAt,
    nextScanAt,
    lastError,
  } = status
  const facts: Fact[] = [
    ['Last scan', lastScanAt === undefined ? 'none yet' : <Age key="last" at={lastScanAt} suffix=" ago" />],
    [
      'Found then',
      `${count(gapsFound, 'gap')} in ${count(series, 'series')}, ${gapsFilled.toLocaleString('en')} filled`,
    ],
    ['Written', `${count(barsWritten, 'bar')} since the manager started`],
    [
      'IB’s limits',
      `${count(pacingWaits, 'request')} had to wait${pacingErrors === 0 ? '' : `, ${count(pacingErrors, 'violation')} by IB’s count`}`,
    ],
  ]
  if (nextScanAt !== undefined)
    facts.splice(1, 0, ['Next scan in', <Countdown key="next" until={nextScanAt} />])
  if (lastError !== undefined) {
    facts.push([
      'Last error',
      <>
        <Age at={lastError.at} suffix=" ago" />
        {lastError.symbol !== undefined && (
          <>
            , <bdi>{lastError.symbol}</bdi> {lastError.timeframe}
          </>
        )}
        : <bdi>{lastError.message}</bdi> <code>{lastError.code}</code>
      </>,
    ])
  }
  return facts
}

async function forceScan(onScan: () => Promise<void>): Promise<void> {
  try {
    await api('/system/gap-filler/force-scan', { method: 'POST' })
    toast('The scan has begun.')
  } catch (error) {
    const { status, detail } = asProblem(error)
    toast(status === 409 ? `No second scan was begun. ${detail}` : `The scan was not begun. ${detail}`, 'bad')
  }
  await onScan()
}
