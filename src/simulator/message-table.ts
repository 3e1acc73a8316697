// Every request the simulated gateway understands, by message id.
import type { MessageTable } from './api-session.ts'
import { accountMessages } from './messages/accounts.ts'
import { contractMessages } from './messages/contracts.ts'
import { historicalMessages } from './messages/historical.ts'
import { marketDataMessages } from './messages/market-data.ts'
import { orderMessages } from './messages/orders.ts'
import { sessionMessages } from './messages/session.ts'

export const messageTable: MessageTable = {
  ...sessionMessages,
  ...accountMessages,
  ...contractMessages,
  ...historicalMessages,
  ...marketDataMessages,
  ...orderMessages,
}
