// Every request the simulated gateway understands, by message id.
import type { MessageTable } from './api-session.ts'
import { orderMessages } from './messages/orders.ts'
import { sessionMessages } from './messages/session.ts'

export const messageTable: MessageTable = {
  ...sessionMessages,
  ...orderMessages,
}
