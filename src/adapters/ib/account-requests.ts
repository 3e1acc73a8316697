// Fills and account values: requests about the account that carry a request id.
import type { IbAccountValue, IbExecution, IbRequests } from '../../ports/ib.ts'
import type { RequestRow } from './request-row.ts'

type Row<K extends keyof IbRequests, Item> = RequestRow<
  IbRequests[K]['params'],
  Item,
  IbRequests[K]['answer']
>

export const executions: Row<'executions', IbExecution> = {
  hears: 'executions',
  send: (api, id, { all }, clientId) => api.reqExecutions(id, all ? {} : { clientId: String(clientId) }),
  // IB reads client id 0 in the filter as any.
  answer: (found, { all }, clientId) => found.filter((item) => all || item.clientId === clientId),
}

/** IB goes on with a summary every three minutes, and allows two at a time. */
export const accountSummary: Row<'accountSummary', IbAccountValue> = {
  hears: 'account values',
  send: (api, id, { tags }) => api.reqAccountSummary(id, 'All', tags.join(',')),
  cancel: (api, id) => api.cancelAccountSummary(id),
  goesOn: true,
  answer: (values) => values,
}
