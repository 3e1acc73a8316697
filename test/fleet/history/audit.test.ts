// The audit history: ids that sort by time and are never given twice, and a store that is away holds nobody up.
import t from 'tap'
import type { FleetEvent } from '../../../schemas/event.ts'
import { Audit } from '../../../src/fleet/history/audit.ts'
import { FleetError } from '../../../src/ports/errors.ts'
import type { EventStore } from '../../../src/ports/stores.ts'
import { FakeClock, settle } from '../../fake-clock.ts'
import { silent } from '../looks.ts'

const gone = () => new FleetError('STORE_UNAVAILABLE', 'It does not answer.')

t.test('ids sort by time, in one millisecond and over a clock set back', async (t) => {
  const clock = new FakeClock()
  const events: FleetEvent[] = []
  const store = { append: async (event: FleetEvent) => void events.push(event) } as unknown as EventStore
  const audit = new Audit({ events: store, clock, log: silent })
  const note = () => audit.note({ type: 'a', message: 'b' })
  note()
  note()
  await clock.advance(1)
  note()
  clock.jumpWallClock(-1)
  note()
  await clock.advance(1)
  note()
  await audit.flush()
  const ids = events.map(({ id }) => id)
  t.strictSame(ids, [...new Set(ids)].sort())
  t.equal(events[3]?.at, '2026-01-05T12:00:00.000Z', 'the time is told as it was')
})

t.test('a store that is away holds nobody up, and gets what it missed', async (t) => {
  const events: FleetEvent[] = []
  let away = true
  const append = async (event: FleetEvent) => {
    if (away) throw gone()
    events.push(event)
  }
  const audit = new Audit({
    events: { append } as unknown as EventStore,
    clock: new FakeClock(),
    log: silent,
  })
  audit.note({ type: 'a', message: 'b', actor: 'ann' })
  audit.note({ type: 'c', message: 'd' })
  await audit.flush()
  audit.storeAgain()
  await audit.flush()
  t.strictSame(events, [], 'still away')
  away = false
  audit.storeAgain()
  audit.storeAgain()
  await audit.flush()
  t.match(events, [{ type: 'a', actor: 'ann' }, { type: 'c' }])
  t.equal(events.length, 2)
})

t.test('a backlog leaves room for others in the store, and ends when the store is away again', async (t) => {
  const started: string[] = []
  const waiting: Array<(error?: FleetError) => void> = []
  const append = (event: FleetEvent) =>
    new Promise<void>((resolve, reject) => {
      started.push(event.id)
      waiting.push((error) => (error ? reject(error) : resolve()))
    })
  const audit = new Audit({
    events: { append } as unknown as EventStore,
    clock: new FakeClock(),
    log: silent,
  })
  for (let n = 0; n < 1_000; n++) audit.note({ type: 'a', message: 'b' })
  await settle()
  t.ok(started.length < 10, `${started.length} at once`)
  for (const answer of waiting.splice(0)) answer(gone())
  await audit.flush()
  t.ok(started.length < 10, 'nothing else was tried')
  audit.storeAgain()
  let most = 0
  for (let written = 0; written < 1_000; ) {
    await settle()
    most = Math.max(most, waiting.length)
    for (const answer of waiting.splice(0)) {
      answer()
      written++
    }
  }
  await audit.flush()
  t.ok(most < 10, `${most} at once`)
  const stored = started.slice(-1_000)
  t.strictSame(stored, [...new Set(stored)].sort(), 'in order')
  const tried = started.length
  audit.storeAgain()
  await audit.flush()
  t.equal(started.length, tried, 'each once')
})

t.test('what the store refuses for itself is told once, and not tried for ever', async (t) => {
  const tried: string[] = []
  const lost: unknown[] = []
  const append = async ({ type }: FleetEvent) => {
    tried.push(type)
    if (type === 'huge') throw new RangeError('too large')
  }
  const audit = new Audit({
    events: { append } as unknown as EventStore,
    clock: new FakeClock(),
    log: { ...silent, error: (about: unknown) => void lost.push(about) },
  })
  audit.note({ type: 'huge', message: 'b', followerId: 'f1' })
  audit.note({ type: 'small', message: 'b' })
  await audit.flush()
  audit.storeAgain()
  await audit.flush()
  t.strictSame(tried, ['huge', 'small'])
  t.match(lost, [{ event: 'huge', followerId: 'f1', id: String }])
  t.equal(lost.length, 1)
})

t.test('ids go on after what another manager has stored, though the clock was set back', async (t) => {
  const events: FleetEvent[] = []
  const store = {
    append: async (event: FleetEvent) => void events.push(event),
    list: async ({ since = '', limit }: { since?: string | number; limit: number }) =>
      events.filter(({ id }) => id > String(since)).slice(0, limit),
  } as unknown as EventStore
  const made = (clock: FakeClock) => new Audit({ events: store, clock, log: silent })
  const before = made(new FakeClock(Date.UTC(2026, 0, 6)))
  for (let n = 0; n < 1_500; n++) before.note({ type: 'a', message: 'b' })
  await before.flush()
  const last = events.at(-1)?.id
  const after = made(new FakeClock(Date.UTC(2026, 0, 5)))
  t.equal(await after.goOn(), last)
  after.note({ type: 'a', message: 'b' })
  await after.flush()
  t.ok((events.at(-1)?.id ?? '') > (last ?? ''))
  t.equal(await made(new FakeClock(Date.UTC(2026, 0, 7))).goOn(), undefined, 'nothing is ahead')
})
