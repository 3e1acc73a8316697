// Never more than 50 messages in any second, heartbeats first.
import t from 'tap'
import { FleetError } from '../../src/ports/errors.ts'
import { MessageRate } from '../../src/session/message-rate.ts'
import { FakeClock, settle } from '../fake-clock.ts'

t.test('no window of a second holds more than 50, and none is wasted', async (t) => {
  const clock = new FakeClock()
  const rate = new MessageRate(clock)
  const sentMs: number[] = []
  const order: number[] = []
  for (let i = 0; i < 200; i++)
    void rate.take().then(() => {
      sentMs.push(clock.monotonicMs())
      order.push(i)
    })
  for (let at = 0; at < 4_500; at += 100) {
    if (at === 300 || at === 700) {
      rate.record()
      sentMs.push(clock.monotonicMs())
    }
    await clock.advance(100)
  }
  t.equal(sentMs.length, 202)
  for (const start of sentMs) {
    const inWindow = sentMs.filter((ms) => ms >= start && ms < start + 1000).length
    if (inWindow > 50) t.fail(`${inWindow} from ${start} ms`)
  }
  t.strictSame(
    order,
    order.toSorted((a, b) => a - b),
    'first come, first served',
  )
  t.ok(Math.max(...sentMs) <= 4_300)
  t.equal(clock.pendingTimers, 0)
})

t.test('who gives up leaves the queue, and the end of the connection empties it', async (t) => {
  const clock = new FakeClock()
  const rate = new MessageRate(clock)
  while (rate.hasRoom) rate.record()
  const controller = new AbortController()
  const leaving = rate.take(controller.signal)
  const staying = rate.take()
  controller.abort(new Error('enough'))
  await t.rejects(leaving, { message: 'enough' })
  await t.rejects(rate.take(AbortSignal.abort(new Error('before'))), { message: 'before' })
  const over = t.rejects(staying, { code: 'CONNECTION_CLOSED' })
  rate.rejectAll(new FleetError('CONNECTION_CLOSED', 'over'))
  await over
  await settle()
  t.equal(clock.pendingTimers, 0)
})
