// Delivering to a webhook that is slow, busy, broken, wrong or gone; the address is in no error.
import t from 'tap'
import { createDiscordSink } from '../../../src/adapters/webhook/discord.ts'
import { createJsonSink } from '../../../src/adapters/webhook/json.ts'
import { FakeClock } from '../../fake-clock.ts'
import { until } from '../../fleet/world.ts'
import { freePorts } from '../../integration/free-ports.ts'
import { alert, canary, receiver } from './receiver.ts'

const signal = new AbortController().signal

/** A delivery under way: how it ends, on a clock that the test moves. */
function delivering(url: string) {
  const clock = new FakeClock()
  const sink = createJsonSink({ url, clock })
  const start = (by: AbortSignal = signal) => {
    const over = sink.deliver(alert(), 'raised', by).then(
      () => 'delivered',
      (error: Error) => {
        const all = [error.message, error.stack, JSON.stringify(error), String(error.cause)].join()
        return all.includes(canary) ? 'the secret is out' : error.message
      },
    )
    over.catch(() => {})
    return over
  }
  /** Waits until the sink waits for its next try (its deadline is the other timer), then lets that time pass. */
  const passPause = async () => {
    await until(
      () => clock.pendingTimers,
      (timers) => timers === 2,
      'it waits',
    )
    const ms = clock.nextTimerMs ?? 0
    await clock.advance(ms)
    return ms
  }
  return { clock, start, passPause }
}

t.test('the JSON webhook gets the whole alert', async (t) => {
  const { url, bodies } = await receiver(t)
  t.equal(await delivering(url).start(), 'delivered')
  t.strictSame(bodies, [{ ...alert(), change: 'raised' }])
})

t.test('a server that fails is asked again, later and later', async (t) => {
  const { url, bodies } = await receiver(t, (response, request) =>
    response.writeHead(request < 4 ? 500 : 200).end('x'.repeat(10_000)),
  )
  const { start, passPause, clock } = delivering(url)
  const over = start()
  t.strictSame([await passPause(), await passPause(), await passPause()], [500, 1000, 2000])
  t.equal(await over, 'delivered')
  t.equal(bodies.length, 4)
  t.equal(clock.pendingTimers, 0)
})

t.test('a limit is kept: nothing is sent before the time that was asked for, by no alert', async (t) => {
  const { url, bodies } = await receiver(t, (response, request) =>
    response.writeHead(request === 1 ? 429 : 204, { 'retry-after': '2.5' }).end(),
  )
  const { start, clock } = delivering(url)
  const first = start()
  await until(
    () => clock.pendingTimers,
    (timers) => timers === 2,
    'the first waits',
  )
  const second = start()
  await until(
    () => clock.pendingTimers,
    (timers) => timers === 4,
    'the second waits without asking',
  )
  await clock.advance(2_499)
  t.equal(bodies.length, 1)
  await clock.advance(1)
  t.strictSame(await Promise.all([first, second]), ['delivered', 'delivered'])
  t.equal(bodies.length, 3)
})

t.test('a limit longer than the deadline ends the delivery at once, and is kept all the same', async (t) => {
  const { url, bodies } = await receiver(t, (response, request) =>
    response.writeHead(request === 1 ? 429 : 204, { 'retry-after': '60' }).end(),
  )
  const { start, clock } = delivering(url)
  t.match(await start(), /did not take an alert within 10 s; the next try would be in 60 s/)
  t.match(await start(), /in 60 s/)
  t.equal(bodies.length, 1)
  await clock.advance(60_000)
  t.equal(await start(), 'delivered')
})

t.test('a date in Retry-After', async (t) => {
  const { url } = await receiver(t, (response, request) =>
    response.writeHead(request === 1 ? 429 : 204, { 'retry-after': 'Mon, 05 Jan 2026 12:00:03 GMT' }).end(),
  )
  const { start, passPause } = delivering(url)
  const over = start()
  t.equal(await passPause(), 3_000)
  t.equal(await over, 'delivered')
})

t.test('a server that hangs is given up after ten seconds', async (t) => {
  const { url, bodies } = await receiver(t, () => {})
  const { start, clock } = delivering(url)
  const over = start()
  await until(
    () => bodies.length,
    (length) => length === 1,
    'it was asked',
  )
  await clock.advance(10_000)
  t.match(await over, /The alert webhook did not take an alert within 10 s/)
  t.equal(clock.pendingTimers, 0)
})

t.test('who waits no longer is told so', async (t) => {
  const { url, bodies } = await receiver(t, () => {})
  const over = new AbortController()
  const { start, clock } = delivering(url)
  const waiting = start(over.signal)
  await until(
    () => bodies.length,
    (length) => length === 1,
    'it was asked',
  )
  over.abort(new Error('enough'))
  t.equal(await waiting, 'enough')
  t.equal(await start(AbortSignal.abort(new Error('too late'))), 'too late')
  t.equal(clock.pendingTimers, 0)
})

t.test('a webhook that is gone, or leads elsewhere, is not asked again', async (t) => {
  const gone = await receiver(t, (response) => response.writeHead(404).end())
  t.match(await delivering(gone.url).start(), /refused an alert with status 404/)
  t.equal(gone.bodies.length, 1)
  const clock = new FakeClock()
  const sink = createDiscordSink({ url: gone.url, clock })
  await t.rejects(sink.deliver(alert(), 'raised', signal), { message: /^Discord refused/ })
})

t.test('a redirect is not followed', async (t) => {
  const elsewhere = await receiver(t)
  const { url } = await receiver(t, (response) => response.writeHead(307, { location: elsewhere.url }).end())
  const { start, clock } = delivering(url)
  const over = start()
  await until(
    () => clock.pendingTimers,
    (timers) => timers === 2,
    'it counts as no answer',
  )
  await clock.advance(10_000)
  t.match(await over, /did not take an alert/)
  t.strictSame(elsewhere.bodies, [])
})

t.test('nobody there, or no address at all', async (t) => {
  const [port] = await freePorts(1)
  for (const url of [`http://127.0.0.1:${port}/${canary}`, `not a ${canary} url`]) {
    const { start, passPause } = delivering(url)
    const over = start()
    for (const ms of [500, 1000, 2000, 4000]) t.equal(await passPause(), ms)
    t.match(await over, /did not take an alert within 10 s; the next try would be in 8 s/)
  }
})
