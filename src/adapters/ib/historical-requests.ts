// Bars, schedules and first moments with data: how they are asked for, and how their events become answers.
import { type BarSizeSetting, EventName, type IBApi, type WhatToShow } from '@stoqey/ib'
import type { IbBar, IbHistory, IbRequests, IbSchedule, IbStreams } from '../../ports/ib.ts'
import { toVendor } from './contracts.ts'
import type { Answers, RequestRow, StreamRow } from './request-row.ts'
import { endDateTime, timeMs } from './times.ts'

/** Epoch seconds, where IB obeys it. */
const epochSeconds = 2
/** IB ignores every other size. */
const realTimeBarSeconds = 5

type Row<K extends keyof IbRequests, Item> = RequestRow<
  IbRequests[K]['params'],
  Item,
  IbRequests[K]['answer']
>
/** What the vendor emits for message 106, and has no type for. */
type ScheduleListener = (
  id: number,
  start: string,
  end: string,
  timeZone: string,
  sessions: ReadonlyArray<{ startDateTime: string; endDateTime: string; refDate: string }>,
) => void

export const historicalBars: Row<'historicalBars', IbBar> = {
  hears: 'bars',
  send: (api, id, params) => sendHistory(api, id, params),
  cancel: (api, id) => api.cancelHistoricalData(id),
  answer: (bars) => bars,
}

export const schedule: Row<'schedule', IbSchedule> = {
  hears: 'schedules',
  send: (api, id, params) => sendHistory(api, id, { ...params, barSize: '1 day', whatToShow: 'SCHEDULE' }),
  cancel: (api, id) => api.cancelHistoricalData(id),
  answer: ([found]) => found ?? { timeZone: '', sessions: [] },
}

export const headTimestamp: Row<'headTimestamp', number> = {
  hears: 'first moments',
  send: (api, id, { contract, whatToShow, useRth }) =>
    api.reqHeadTimestamp(id, toVendor(contract), whatToShow as WhatToShow, useRth, epochSeconds),
  cancel: (api, id) => api.cancelHeadTimestamp(id),
  answer: ([found]) => found ?? Number.NaN,
}

export const realTimeBars: StreamRow<IbStreams['realTimeBars']['params']> = {
  hears: 'real-time bars',
  send: (api, id, { contract, whatToShow, useRth }) =>
    api.reqRealTimeBars(id, toVendor(contract), realTimeBarSeconds, whatToShow as WhatToShow, useRth),
  cancel: (api, id) => api.cancelRealTimeBars(id),
}

/** Hears the events of all four. */
export function listenForHistory(api: IBApi, { onItem, onEnd }: Answers): void {
  api.on(EventName.historicalData, (id, time, open, high, low, close, volume) => {
    // The vendor marks the end by one more bar, whose time is this word and the span of the answer.
    if (time.startsWith('finished')) onEnd('bars', id)
    else onItem('bars', id, bar(timeMs(time), open, high, low, close, volume))
  })
  api.on(EventName.realtimeBar, (id, seconds, open, high, low, close, volume) =>
    onItem('real-time bars', id, bar(seconds * 1000, open, high, low, close, volume)),
  )
  api.on(EventName.headTimestamp, (id, text) => {
    onItem('first moments', id, timeMs(text))
    onEnd('first moments', id)
  })
  const onSchedule: ScheduleListener = (id, _start, _end, timeZone, sessions) => {
    onItem('schedules', id, {
      timeZone,
      sessions: sessions.map(({ startDateTime, endDateTime: end, refDate }) => ({
        start: startDateTime,
        end,
        date: refDate,
      })),
    } satisfies IbSchedule)
    onEnd('schedules', id)
  }
  api.on(EventName.historicalSchedule as EventName.connected, onSchedule as () => void)
}

function sendHistory(api: IBApi, id: number, params: IbHistory): void {
  const { contract, endMs, duration, barSize, whatToShow, useRth } = params
  api.reqHistoricalData(
    id,
    toVendor(contract),
    endMs === undefined ? '' : endDateTime(endMs),
    duration,
    barSize as BarSizeSetting,
    whatToShow as WhatToShow,
    useRth,
    epochSeconds,
    false,
  )
}

/** The vendor gives undefined for the largest double, and decimals that are empty. */
function bar(
  ms: number,
  open: number | undefined,
  high: number | undefined,
  low: number | undefined,
  close: number | undefined,
  volume: number | undefined,
): IbBar {
  return {
    timeMs: finite(ms),
    open: finite(open),
    high: finite(high),
    low: finite(low),
    close: finite(close),
    volume: volume === undefined ? -1 : finite(volume),
  }
}

function finite(value: number | undefined): number {
  return value !== undefined && Number.isFinite(value) ? value : Number.NaN
}
