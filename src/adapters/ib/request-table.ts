// Every kind of request that carries a request id, and every kind of stream, by its name in the port.
import { EventName, type IBApi } from '@stoqey/ib'
import type {
  IbAccountValue,
  IbContractDetails,
  IbRequestKind,
  IbRequests,
  IbStreamKind,
  IbStreams,
  IbTick,
} from '../../ports/ib.ts'
import { accountSummary, executions } from './account-requests.ts'
import { fromVendor, toVendor } from './contracts.ts'
import {
  headTimestamp,
  historicalBars,
  listenForHistory,
  realTimeBars,
  schedule,
} from './historical-requests.ts'
import { execution } from './orders.ts'
import type { Answers, RequestRow, StreamRow } from './request-row.ts'
import type { SharedKind } from './shared-questions.ts'

export type NumberedKind = Exclude<IbRequestKind, SharedKind>

type Row<K extends NumberedKind, Item> = RequestRow<IbRequests[K]['params'], Item, IbRequests[K]['answer']>

const contractDetails: Row<'contractDetails', IbContractDetails> = {
  hears: 'contracts',
  send: (api, id, contract) => api.reqContractDetails(id, toVendor(contract)),
  answer: (items) => items,
}

const quote: Row<'quote', IbTick> = {
  hears: 'ticks',
  send: (api, id, contract) => api.reqMktData(id, toVendor(contract), '', true, false),
  cancel: (api, id) => api.cancelMktData(id),
  answer: (ticks) => new Map(ticks.map((tick) => [tick.type, tick.value])),
}

/** Items come from the listeners below, as `unknown`: only a row knows what its own are. */
export const requestTable: { [K in NumberedKind]: Row<K, never> } = {
  contractDetails,
  quote,
  historicalBars,
  schedule,
  headTimestamp,
  executions,
  accountSummary,
}

export const streamTable: { [K in IbStreamKind]: StreamRow<IbStreams[K]['params']> } = {
  marketData: {
    hears: 'ticks',
    send: (api, id, contract) => api.reqMktData(id, toVendor(contract), '', false, false),
    cancel: (api, id) => api.cancelMktData(id),
  },
  realTimeBars,
}

/** Hands every answer that the vendor decodes to who waits for it. */
export function listenForAnswers(api: IBApi, answers: Answers): void {
  const { onItem, onEnd } = answers
  const onTick = (id: number, type: number | undefined, value: number | undefined) => {
    if (type !== undefined && value !== undefined) onItem('ticks', id, { type, value } satisfies IbTick)
  }
  api.on(EventName.contractDetails, (id, details) => onItem('contracts', id, fromVendor(details)))
  api.on(EventName.contractDetailsEnd, (id) => onEnd('contracts', id))
  api.on(EventName.tickPrice, onTick)
  api.on(EventName.tickSize, onTick)
  api.on(EventName.tickGeneric, onTick)
  api.on(EventName.tickSnapshotEnd, (id) => onEnd('ticks', id))
  api.on(EventName.execDetails, (id, contract, found) => onItem('executions', id, execution(contract, found)))
  api.on(EventName.execDetailsEnd, (id) => onEnd('executions', id))
  api.on(EventName.accountSummary, (id, account, tag, value, currency) =>
    onItem('account values', id, { account, tag, value, currency } satisfies IbAccountValue),
  )
  api.on(EventName.accountSummaryEnd, (id) => onEnd('account values', id))
  listenForHistory(api, answers)
}
