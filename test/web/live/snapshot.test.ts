// What the page makes of the stream: after a reconnect nothing is lost and nothing is doubled.
import t from 'tap'
import type { Alert } from '../../../schemas/alert.ts'
import type { FleetEvent } from '../../../schemas/event.ts'
import { applyMessages, emptySnapshot, type Message, readMessage } from '../../../web/src/live/snapshot.ts'
import { aGateway } from '../gateways.ts'

const opened: Message = { kind: 'opened' }
const synced: Message = { kind: 'synced', asOf: '2026-01-05T03:00:00.000Z' }
const gateway = (id: string, more = {}): Message => ({ kind: 'gateway', gateway: aGateway(id, more) })
const event = (id: string): Message => ({
  kind: 'history',
  event: { id, at: '2026-01-05T03:00:00.000Z', type: 'gateway.phase', message: id } satisfies FleetEvent,
})
const alert = (id: string): Message => ({
  kind: 'alert',
  alert: {
    id,
    key: id,
    level: 'ERROR',
    code: 'X',
    title: id,
    message: id,
    count: 1,
    raisedAt: '',
    lastRaisedAt: '',
  } satisfies Alert,
})
const first = applyMessages(emptySnapshot, [
  opened,
  gateway('a'),
  gateway('b'),
  alert('x'),
  alert('y'),
  synced,
  event('1'),
])

t.test('the first states fill the page', async (t) => {
  t.strictSame([...first.gateways.keys()], ['a', 'b'])
  t.strictSame([...first.alerts.keys()], ['x', 'y'])
  t.equal(first.arrived, null)
})

t.test('after a reconnect what did not come again is no more, but not before all has come', async (t) => {
  const half = applyMessages(first, [opened, gateway('b', { phase: 'locked' }), alert('y')])
  t.strictSame([...half.gateways.keys()], ['a', 'b'], 'no row vanishes and comes back')
  t.equal(half.gateways.get('b')?.phase, 'locked')
  const whole = applyMessages(half, [gateway('c'), synced])
  t.strictSame([...whole.gateways.keys()], ['b', 'c'])
  t.strictSame([...whole.alerts.keys()], ['y'], 'the other was resolved meanwhile')
})

t.test('a connection that broke before its states were all there drops nothing', async (t) => {
  const broken = applyMessages(first, [opened, gateway('b')])
  const again = applyMessages(broken, [opened, gateway('a'), gateway('b'), alert('x'), alert('y'), synced])
  t.strictSame([...again.gateways.keys()], ['a', 'b'])
})

t.test('an event that is told twice is shown once', async (t) => {
  const after = applyMessages(first, [event('1'), event('2'), event('2')])
  t.strictSame(
    after.history.map(({ id }) => id),
    ['1', '2'],
  )
})

t.test('history is bounded; the newest stay', async (t) => {
  const many = applyMessages(
    emptySnapshot,
    Array.from({ length: 700 }, (_, i) => event(`e${i}`)),
  )
  t.equal(many.history.length, 500)
  t.equal(many.history.at(-1)?.id, 'e699')
})

t.test('a removed gateway is gone', async (t) => {
  t.strictSame(
    [...applyMessages(first, [{ kind: 'gateway-removed', followerId: 'a' }]).gateways.keys()],
    ['b'],
  )
})

t.test('what no message concerned stays the same object', async (t) => {
  const after = applyMessages(first, [event('9')])
  t.equal(after.gateways, first.gateways)
  t.equal(after.alerts, first.alerts)
  t.equal(applyMessages(first, [gateway('a', { restarts: 1 })]).gateways.get('b'), first.gateways.get('b'))
})

t.test('server-sent events are read as messages; unknown ones are passed over', async (t) => {
  t.match(readMessage('message', '{"id":"1"}'), { kind: 'history', event: { id: '1' } })
  t.match(readMessage('gateway', '{"followerId":"a"}'), { kind: 'gateway', gateway: { followerId: 'a' } })
  t.match(readMessage('gateway-removed', '{"followerId":"a"}'), { kind: 'gateway-removed', followerId: 'a' })
  t.match(readMessage('alert', '{"id":"x"}'), { kind: 'alert', alert: { id: 'x' } })
  t.match(readMessage('synced', '{"asOf":"now"}'), { kind: 'synced', asOf: 'now' })
  t.equal(readMessage('something-new', '{}'), undefined)
})
