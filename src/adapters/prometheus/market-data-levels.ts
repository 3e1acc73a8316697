// Levels of the market data side: the data connection, the series and their gaps, what the gap filler has done.
import { Counter, Gauge, type Registry } from 'prom-client'
import { gapClasses } from '../../../schemas/market-data.ts'
import { dataConnectionStates } from '../../../schemas/system.ts'
import type { Levels } from '../../ports/levels.ts'

/** Returns how to show other levels. */
export function marketDataLevelGauges(registry: Registry): (levels: Levels) => void {
  const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Gauge<L>({ name, help, labelNames, registers: [registry] })
  const counter = (name: string, help: string) => new Counter({ name, help, registers: [registry] })
  const state = gauge(
    'ibgm_data_connection_state',
    '1 for the state that the data connection is in, 0 for the others.',
    'state',
  )
  const upstream = gauge(
    'ibgm_data_connection_upstream',
    '1 when IBKR is there behind the gateway of the data connection, 0 when it is lost; no series while not connected.',
  )
  const reconnects = counter(
    'ibgm_data_connection_reconnects_total',
    'Data connections that took the place of an earlier one.',
  )
  const series = gauge('ibgm_series', 'Series of bars that are looked after.')
  const gaps = gauge('ibgm_gaps_open', 'Open gaps by class; only no-data is not to be filled.', 'class')
  const scanning = gauge('ibgm_gap_scan_running', '1 while gaps are looked for and filled, else 0.')
  const scannedAt = gauge(
    'ibgm_gap_scan_timestamp_seconds',
    'When the last scan began, as seconds since 1970; no series before the first.',
  )
  const filled = counter('ibgm_gaps_filled_total', 'Gaps filled.')
  const bars = counter('ibgm_bars_written_total', 'Bars written by the gap filler.')
  const failures = counter('ibgm_gap_failures_total', 'Times that a series could not be scanned or filled.')

  return ({ marketData: now }) => {
    const { dataConnection } = now
    for (const name of dataConnectionStates) state.set({ state: name }, name === dataConnection.state ? 1 : 0)
    upstream.remove()
    if (dataConnection.upstream !== undefined) upstream.set(dataConnection.upstream === 'up' ? 1 : 0)
    show(reconnects, dataConnection.reconnects)
    series.set(now.series)
    for (const name of gapClasses) gaps.set({ class: name }, now.openGaps[name])
    scanning.set(now.scanning ? 1 : 0)
    scannedAt.remove()
    if (now.lastScanAt !== undefined) scannedAt.set(now.lastScanAt / 1000)
    show(filled, now.gapsFilled)
    show(bars, now.barsWritten)
    show(failures, now.failures)
  }
}

/** A count that somebody else keeps. */
function show(counter: Counter, count: number): void {
  counter.reset()
  counter.inc(count)
}
