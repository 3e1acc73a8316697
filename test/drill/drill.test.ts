// The drill of the order gate: its judgement, and a few hundred of its sequences.
import t from 'tap'
import { Audit, type Recorded } from './audit.ts'
import { disturbances } from './disturbances.ts'
import { runDrill } from './drill.ts'

function record(...names: Array<[name: string, connection: number]>): Recorded[] {
  return names.map(([name, connection], index) => ({
    sequence: index + 1,
    connection,
    name,
    ...(name === 'placeOrder' && { orderRef: `order ${index + 1}` }),
  }))
}

t.test('orders between the opening and the mark are in order', (t) => {
  const audit = new Audit()
  const requests = record(['reqExecutions', 1], ['placeOrder', 1], ['reqIds', 1], ['reqExecutions', 1])
  audit.opened(1, 1)
  audit.read(requests)
  audit.opened(1, 4)
  audit.read([...requests, { sequence: 5, connection: 1, name: 'placeOrder', orderRef: 'again' }])
  t.match(audit, { orders: 2, marks: 1 })
  t.strictSame(audit.violations, [])
  t.end()
})

t.test('an order after the mark, and one on a connection never validated, are found', (t) => {
  const audit = new Audit()
  audit.opened(1, 1)
  audit.read(record(['reqExecutions', 1], ['reqIds', 1], ['placeOrder', 1], ['placeOrder', 2]))
  t.strictSame(audit.violations, [
    { sequence: 3, connection: 1, orderRef: 'order 3', why: 'after the mark' },
    { sequence: 4, connection: 2, orderRef: 'order 4', why: 'never validated' },
  ])
  t.end()
})

t.test('an order that the gateway recorded before the gate was opened for its connection is found', (t) => {
  const audit = new Audit()
  const requests = record(['reqExecutions', 1], ['placeOrder', 1])
  audit.opened(1, 2)
  audit.read(requests)
  t.match(audit.violations, [{ sequence: 2, why: 'never validated' }])
  t.end()
})

t.test('200 random sequences over real sockets: no order gets through', async (t) => {
  const seed = Date.now() % 1_000_000
  const report = await runDrill({ sequences: 200, seed })
  t.comment(`seed ${seed}: ${JSON.stringify(report)}`)
  t.strictSame(report.violations, [], `seed ${seed}`)
  t.equal(report.sequences, 200)
  t.ok(report.orders > 100, 'orders were placed')
  t.ok(report.triedWhileClosed > 100, 'and tried while the gate was closed')
  t.ok(report.marks > 50)
  t.ok(Object.keys(report.disturbances).length > disturbances.length / 2)
})
