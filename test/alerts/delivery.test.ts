// One sink's alerts on their way: in order, merged and bounded while it is away, each delivered once when it is back.
import t from 'tap'
import type { AlertLevel } from '../../schemas/alert.ts'
import { Delivery } from '../../src/alerts/delivery.ts'
import type { AlertSink } from '../../src/ports/alerts.ts'
import { FleetError } from '../../src/ports/errors.ts'
import { alert } from '../adapters/webhook/receiver.ts'
import { FakeClock } from '../fake-clock.ts'
import { silent } from '../fleet/looks.ts'

const hour = 3_600_000

function deliveryTo(limit = 200, changed: Partial<AlertSink> = {}) {
  const clock = new FakeClock()
  const world = { fault: null as Error | null, tries: 0 }
  const told: string[] = []
  const settled: string[] = []
  const sink: AlertSink = {
    name: 'test',
    async deliver({ id, message, title }, change) {
      world.tries += 1
      if (world.fault) throw world.fault
      told.push(`${change} ${/not delivered/.test(title) ? title : `${id} ${message}`}`)
    },
    ...changed,
  }
  const onSettled = (id: string) => void settled.push(id)
  const delivery = new Delivery({ sink, clock, log: silent, onSettled, runbook: () => undefined, limit })
  t.teardown(() => delivery.close())
  const send = (
    id: string,
    message = '',
    change: 'raised' | 'resolved' = 'raised',
    level: AlertLevel = 'WARNING',
  ) => delivery.send(alert({ id, message, level }), change)
  return { clock, world, told, settled, delivery, send }
}

t.test('a sink that is there gets everything, in order', async (t) => {
  const { send, delivery, told, settled, clock } = deliveryTo()
  send('a', 'one')
  send('b')
  send('a', 'two')
  send('a', 'two', 'resolved')
  await delivery.tried()
  t.strictSame(told, ['raised a one', 'raised b ', 'raised a two', 'resolved a two'])
  t.strictSame(settled, ['a', 'b', 'a', 'a'])
  t.equal(clock.pendingTimers, 0)
})

t.test(
  'one that is away for an hour gets each alert once, and the latest of each, when it is back',
  async (t) => {
    const { send, delivery, told, clock, world } = deliveryTo()
    world.fault = new Error('away')
    send('a', 'one')
    send('b', 'one')
    send('c', 'one')
    await delivery.tried()
    t.ok(delivery.owes('a'))
    await clock.advance(hour / 2)
    send('a', 'two')
    send('c', 'one', 'resolved')
    send('d', 'one')
    await clock.advance(hour / 2)
    t.ok(world.tries > 10 && world.tries < 100, `${world.tries} tries`)
    world.fault = null
    await clock.advance(60_000)
    t.strictSame(told, ['raised a two', 'raised b one', 'resolved c one', 'raised d one'])
    t.notOk(delivery.owes('a'))
    await clock.advance(hour)
    t.equal(told.length, 4)
  },
)

t.test('nothing is tried before the time that the sink asks for', async (t) => {
  const { send, clock, world, delivery } = deliveryTo()
  world.fault = new FleetError('CONNECTION_TIMEOUT', 'busy', { retryAfterMs: 600_000 })
  send('a')
  await delivery.tried()
  await clock.advance(599_999)
  t.equal(world.tries, 1)
  world.fault = null
  await clock.advance(1)
  t.equal(world.tries, 2)
})

t.test('no more wait than the limit: the least important go first, and their number is told', async (t) => {
  const { send, clock, world, delivery, told, settled } = deliveryTo(3)
  world.fault = new Error('away')
  send('critical', '', 'raised', 'CRITICAL')
  await delivery.tried()
  send('info', '', 'raised', 'INFO')
  send('old', '', 'raised', 'WARNING')
  send('new', '', 'raised', 'WARNING')
  send('last', '')
  t.strictSame(settled, ['info', 'old'])
  world.fault = null
  await clock.advance(60_000)
  t.strictSame(told, [
    'raised critical ',
    'raised 2 alerts were not delivered here',
    'raised new ',
    'raised last ',
  ])
})

t.test('what a sink refuses is not tried again, and is counted', async (t) => {
  const { send, world, delivery, told, settled } = deliveryTo()
  world.fault = new FleetError('REQUEST_REJECTED', 'refused')
  send('a')
  await delivery.tried()
  t.equal(world.tries, 1)
  world.fault = null
  send('b')
  await delivery.tried()
  t.strictSame(settled, ['a', 'b'])
  t.strictSame(told, ['raised b ', 'raised 1 alert was not delivered here'])
})

t.test('a sink where alerts are events hears of no end, and its raise is not replaced by one', async (t) => {
  const { send, clock, world, delivery, told } = deliveryTo(200, { ignoresResolved: true })
  world.fault = new Error('away')
  send('a')
  await delivery.tried()
  send('a', '', 'resolved')
  world.fault = null
  await clock.advance(60_000)
  t.strictSame(told, ['raised a '])
})

t.test('closing ends a delivery that hangs; what waits is still owed', async (t) => {
  const { send, delivery, clock } = deliveryTo(200, { deliver: () => new Promise(() => {}) })
  send('a')
  send('b')
  await delivery.close()
  t.ok(delivery.owes('b'))
  t.ok(delivery.owes('a'))
  t.equal(clock.pendingTimers, 0)
})

t.test('an ERROR does not wait until a sink is tried again, unless that has asked for time', async (t) => {
  const { send, delivery, told, world, clock } = deliveryTo()
  world.fault = new Error('away')
  send('a')
  await delivery.tried()
  send('a', 'worse')
  send('z', '', 'resolved', 'ERROR')
  await delivery.tried()
  t.equal(world.tries, 1, 'what is not urgent, or over, waits')
  send('b', '', 'raised', 'ERROR')
  await delivery.tried()
  t.equal(world.tries, 2, 'tried at once, and who waits for that waits')
  world.fault = null
  send('c', '', 'raised', 'CRITICAL')
  await delivery.tried()
  t.strictSame(told, ['raised c ', 'raised b ', 'raised a worse', 'resolved z '])
  world.fault = new FleetError('CONNECTION_TIMEOUT', 'busy', { retryAfterMs: 60_000 })
  send('d')
  await delivery.tried()
  send('e', '', 'raised', 'CRITICAL')
  await delivery.tried()
  t.equal(world.tries, 7)
  world.fault = null
  await clock.advance(60_000)
  t.strictSame(told.slice(4), ['raised d ', 'raised e '])
})

t.test('a sink that was away and is away once more is tried as soon as the first time', async (t) => {
  const { send, delivery, told, world, clock } = deliveryTo()
  world.fault = new Error('away')
  send('a')
  send('b')
  await delivery.tried()
  await clock.advance(5_000)
  await clock.advance(9_999)
  t.equal(world.tries, 2, 'the second pause is twice as long')
  const takesOne = told.push.bind(told)
  told.push = (...lines) => {
    world.fault = new Error('away again')
    return takesOne(...lines)
  }
  world.fault = null
  await clock.advance(1)
  t.strictSame([told, world.tries], [['raised a '], 4])
  await clock.advance(5_000)
  t.equal(world.tries, 5)
})

t.test('how a sink does can be asked: what waits, when it last took one, why it does not', async (t) => {
  const { send, delivery, clock, world } = deliveryTo()
  t.strictSame(delivery.status, { name: 'test', waiting: 0 })
  send('a')
  await delivery.tried()
  const lastDeliveredAt = new Date(clock.now()).toISOString()
  t.strictSame(delivery.status, { name: 'test', waiting: 0, lastDeliveredAt })
  world.fault = new Error('away')
  send('b')
  send('c')
  await delivery.tried()
  t.strictSame(delivery.status, { name: 'test', waiting: 2, lastDeliveredAt, lastError: 'away' })
  world.fault = null
  await clock.advance(5_000)
  await delivery.tried()
  t.strictSame(delivery.status, {
    name: 'test',
    waiting: 0,
    lastDeliveredAt: new Date(clock.now()).toISOString(),
  })
})
