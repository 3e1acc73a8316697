// The order side. There are no orders yet: lists are empty, and placing one is refused with a reason.
import { type ApiSession, type MessageTable, numberField } from '../api-session.ts'

const readOnlyText =
  "Error validating request.-'b7' : cause - The API interface is currently in Read-Only mode."

export const orderMessages: MessageTable = {
  3: { name: 'placeOrder', requestIdAt: 1, handle: refuseOrder },
  4: {
    name: 'cancelOrder',
    requestIdAt: 1,
    handle(session, fields) {
      const orderId = numberField(fields, session.version >= 192 ? 1 : 2)
      session.error(orderId, 10_147, `OrderId ${orderId} that needs to be cancelled is not found.`)
    },
  },
  5: { name: 'reqOpenOrders', handle: (session) => unlessReadOnly(session, () => session.send(53, 1)) },
  7: {
    name: 'reqExecutions',
    requestIdAt: 2,
    handle: (session, [, , id = '']) => session.send(55, 1, id),
  },
  // The next order id is the client's own; without orders it never moves.
  8: { name: 'reqIds', handle: (session) => unlessReadOnly(session, () => session.send(9, 1, 1)) },
  15: { name: 'reqAutoOpenOrders', handle() {} },
  16: { name: 'reqAllOpenOrders', handle: (session) => session.send(53, 1) },
  58: { name: 'reqGlobalCancel', handle() {} },
  99: { name: 'reqCompletedOrders', handle: (session) => unlessReadOnly(session, () => session.send(102)) },
}

/** A read-only gateway refuses these without an end marker; clients that wait for one wait in vain. */
function unlessReadOnly(session: ApiSession, answer: () => void): void {
  if (session.world.readOnly) session.error(-1, 321, readOnlyText)
  else answer()
}

function refuseOrder(session: ApiSession, fields: readonly string[]): void {
  const orderId = numberField(fields, 1)
  if (session.world.readOnly) session.error(orderId, 321, readOnlyText)
  else session.error(orderId, 201, 'Order rejected - reason:The simulated gateway takes no orders')
}
