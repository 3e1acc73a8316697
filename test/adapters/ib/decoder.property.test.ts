// Every kind of message with hostile fields, through the guards and the vendor's decoder: decoded, or refused with an Error; soon, in either case.
import { EventName } from '@stoqey/ib'
import fc from 'fast-check'
import t from 'tap'
import { refuseImpossibleCount, withoutOrderReject } from '../../../src/adapters/ib/frames.ts'
import { listenForOrders } from '../../../src/adapters/ib/orders.ts'
import { listenForAnswers } from '../../../src/adapters/ib/request-table.ts'
import { createVendor, type Vendor } from '../../../src/adapters/ib/vendor.ts'
import { runs } from '../../fuzz/runs.ts'

const field = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.constantFrom(
      ...[
        '',
        '0',
        '1',
        '2',
        '-1',
        '-5',
        '3.5',
        'NaN',
        '1e400',
        '-1e400',
        '2147483647',
        '4294967295',
        '4294967296',
      ],
      ...[
        '9223372036854775807',
        '1.7976931348623157E308',
        'true',
        '20261120',
        '20261120 09:30:00',
        'IB',
        '?',
        'BUY',
      ],
      ...['__proto__', '\ufffd', '\\u0000', '\\u00', 'finished'],
    ),
  },
  fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.replaceAll('\0', '')),
)
const message = fc.tuple(fc.integer({ min: 0, max: 115 }), fc.array(field, { maxLength: 80 }))

/** Past the handshake, without a socket, with all that the adapter listens to. */
function listening(): Vendor {
  const vendor = createVendor({ host: '127.0.0.1', port: 1, clientId: 1 }, () => {})
  Object.assign((vendor.api as unknown as { controller: { socket: object } }).controller.socket, {
    send() {},
  })
  vendor.api.on(EventName.error, () => {})
  listenForOrders(vendor.api, () => {})
  listenForAnswers(vendor.api, { onItem() {}, onEnd() {} })
  vendor.decode('193\x0020261120 20:31:27 EST\0')
  return vendor
}

t.test('no message with hostile fields ends but in its events or in an Error', async (t) => {
  const seen = { decoded: 0, refused: 0 }
  let vendor = listening()
  fc.assert(
    fc.property(message, ([id, fields]) => {
      const { frame } = withoutOrderReject(`${[id, ...fields].join('\0')}\0`)
      try {
        refuseImpossibleCount(frame)
        vendor.decode(frame)
        seen.decoded += 1
        return true
      } catch (error) {
        // As with a connection: what comes after a fault is not heard.
        vendor = listening()
        seen.refused += 1
        return error instanceof Error && error.message !== ''
      }
    }),
    runs(3_000),
  )
  t.ok(seen.decoded > 500 && seen.refused > 30, JSON.stringify(seen))
  t.notOk('polluted' in {} || Object.keys(Object.prototype).length > 0)
})
