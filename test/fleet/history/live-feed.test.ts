// What happens, as it is followed: states first and at each change, the history without a gap or a double, and readers that are slow.
import t from 'tap'
import type { StreamItem } from '../../../src/ports/fleet.ts'
import { FakeClock, settle } from '../../fake-clock.ts'
import { alert, feed, store } from '../live-world.ts'

t.test('states', async (t) => {
  await t.test('all of them, then synced, then each change', async (t) => {
    const { follow, fleet, clock } = feed()
    fleet.gateways.set('anna', 'ready').set('bert', 'stopped')
    fleet.alerts.push(alert('a1', 'anna'), alert('a2'))
    const reader = follow(['gateways', 'alerts'])
    t.strictSame(await reader.news(), ['anna ready', 'bert stopped', 'alert a1', 'alert a2', 'synced'])
    fleet.set('bert', 'creating')
    fleet.set('bert', 'booting')
    t.strictSame(await reader.news(), [], 'changes are gathered')
    await clock.advance(50)
    t.strictSame(await reader.news(), ['bert booting'], 'and only the last is told')
    fleet.feed.touch('anna')
    fleet.gateways.delete('bert')
    fleet.feed.touch('bert')
    fleet.feed.alertChanged({ ...alert('a1', 'anna'), count: 2 })
    fleet.feed.alertChanged({ ...alert('a1', 'anna'), count: 3 })
    await clock.advance(50)
    t.strictSame(await reader.news(), ['bert removed', 'alert a1 × 3'], 'what is as it was is not told again')
  })

  await t.test('a view is made once, and the same object for all', async (t) => {
    const { follow, fleet, clock } = feed()
    fleet.gateways.set('anna', 'ready')
    const readers = [follow(['gateways']), follow(['gateways']), follow(['gateways'])]
    for (const reader of readers) await reader.news()
    fleet.views = 0
    fleet.set('anna', 'degraded')
    await clock.advance(50)
    const [first, ...others] = await Promise.all(readers.map((reader) => reader.items()))
    const gatewayOf = (items: StreamItem[] | undefined) => items?.find(({ kind }) => kind === 'gateway')
    t.ok(gatewayOf(first))
    for (const other of others) t.equal(gatewayOf(other), gatewayOf(first))
    t.equal(fleet.views, 1)
  })

  await t.test('of one follower', async (t) => {
    const { follow, fleet, clock, audit } = feed()
    fleet.gateways.set('anna', 'ready').set('bert', 'ready')
    fleet.alerts.push(alert('a1', 'anna'), alert('a2'), alert('b1', 'bert'))
    const reader = follow(['history', 'gateways', 'alerts'], { followerId: 'anna' })
    t.strictSame(await reader.news(), ['anna ready', 'alert a1', 'synced'])
    for (const id of ['anna', 'bert']) {
      audit.note({ type: 'x', message: 'x', followerId: id })
      fleet.set(id, 'degraded')
      fleet.feed.alertChanged(alert(`${id}-new`, id))
    }
    await clock.advance(50)
    t.strictSame(await reader.news(), ['x anna', 'anna degraded', 'alert anna-new'])
  })

  await t.test('a thousand gateways come in portions', async (t) => {
    const { follow, fleet } = feed()
    for (let n = 0; n < 1000; n++) fleet.gateways.set(`g${n}`, 'ready')
    const reader = follow(['gateways'])
    const batches = await reader.batches()
    t.ok(batches.every((batch) => batch.length <= 101))
    t.equal(batches.flat().length, 1001)
    t.match(batches.at(-1)?.at(-1), { kind: 'synced' }, 'synced is last')
  })
})

t.test('history', async (t) => {
  await t.test('from now on, of the types asked for', async (t) => {
    const { follow, note, clock } = feed()
    note('gateway.old')
    const all = follow(['history'])
    const some = follow(['history'], { type: 'gateway.*' })
    const one = follow(['history'], { type: 'gateway' })
    for (const reader of [all, some, one]) t.strictSame(await reader.news(), ['synced'])
    for (const type of ['gateway.launch', 'alert.x', 'gateway', 'gateways.x']) note(type)
    await clock.advance(50)
    t.strictSame(await all.news(), ['gateway.launch', 'alert.x', 'gateway', 'gateways.x'])
    t.strictSame(await some.news(), ['gateway.launch'])
    t.strictSame(await one.news(), ['gateway'])
  })

  await t.test('after any event, over a restart, nothing lost and nothing doubled', async (t) => {
    const first = feed({ eventsKept: 20 })
    const ids: string[] = []
    for (let n = 0; n < 450; n++) ids.push(first.note(`e${n}`, n % 3 ? 'anna' : 'bert'))
    await first.clock.advance(1)
    const second = feed({ eventsKept: 20, clock: first.clock, stored: first.stored })
    for (let n = 450; n < 500; n++) ids.push(second.note(`e${n}`, n % 3 ? 'anna' : 'bert'))
    const wanted = (after: number) => {
      const numbers = ids.map((_, n) => n).slice(after + 1)
      return numbers.map((n) => `e${n} ${n % 3 ? 'anna' : 'bert'}`)
    }
    for (const after of [0, 1, 200, 248, 249, 250, 449, 450, 470, 479, 480, 481, 498, 499]) {
      const reader = second.follow(['history'], { since: ids[after] ?? '' })
      t.strictSame(await reader.news(), ['synced', ...wanted(after)], `after event ${after}`)
      await reader.leave()
    }
    const ofBert = second.follow(['history'], { since: ids[10] ?? '', followerId: 'bert', type: 'e*' })
    t.strictSame(await ofBert.news(), ['synced', ...wanted(10).filter((told) => told.endsWith('bert'))])
  })

  await t.test('what happens while the past is read comes after it, once', async (t) => {
    const clock = new FakeClock()
    const slow = store({ latency: () => clock.sleep(100) })
    const before = feed({ clock, stored: slow })
    const since = before.note('first')
    for (let n = 0; n < 300; n++) before.note(`old${n}`)
    await clock.advance(10)
    const { follow, note } = feed({ clock, stored: slow, eventsKept: 5 })
    note('early')
    const reader = follow(['history'], { since })
    const told: string[] = []
    for (let n = 0; n < 60; n++) {
      if (n < 40) note(`new${n}`)
      told.push(...(await reader.news()))
      await clock.advance(20)
    }
    const wanted = [
      'synced',
      ...Array.from({ length: 300 }, (_, n) => `old${n}`),
      'early',
      ...Array.from({ length: 40 }, (_, n) => `new${n}`),
    ]
    t.strictSame(told, wanted)
  })

  await t.test('a place that no event has is a place in time all the same', async (t) => {
    const { follow, note, clock } = feed()
    const first = note('one')
    await clock.advance(1000)
    note('two')
    const unknown = `${first.slice(0, 9)}-00zz`
    const times = ['2026-01-05T12:00:00.500Z', '2026-01-05T13:00:00.500+01:00']
    for (const since of [unknown, ...times])
      t.strictSame(await follow(['history'], { since }).news(), ['synced', 'two'], since)
    const everything = follow(['history'], { since: '000000000-0000' })
    t.strictSame(await everything.news(), ['synced', 'one', 'two'], 'older than all that is kept')
    const elsewhere = follow(['history'], { since: 'zzzzzzzzz-0000' })
    note('three')
    await clock.advance(50)
    t.strictSame(await elsewhere.news(), ['synced', 'three'], 'of a store that was ahead: from now on')
    for (const since of ['what?', '12', 'Monday', '2026-13-01', ''])
      t.throws(() => follow(['history'], { since }), { code: 'INVALID_REQUEST' }, since)
  })

  await t.test('over a wall clock that was set back between two managers', async (t) => {
    const before = feed({ clock: new FakeClock(Date.UTC(2026, 0, 6)) })
    before.note('one')
    const place = before.note('two')
    await settle()
    const after = feed({ clock: new FakeClock(Date.UTC(2026, 0, 5)), stored: before.stored })
    after.fleet.feed.recent.startAfter((await after.audit.goOn()) ?? '')
    after.note('three')
    const reader = after.follow(['history'], { since: place })
    t.strictSame(await reader.news(), ['synced', 'three'])
    const all = after.follow(['history'], { since: '2026-01-01' })
    t.strictSame(await all.news(), ['synced', 'one', 'two', 'three'])
  })
})

t.test('a store that is away', async (t) => {
  const clock = new FakeClock()
  const events = store()
  const before = feed({ clock, stored: events })
  const since = before.note('one')
  before.note('two')
  await clock.advance(10)
  const { follow, note, fleet } = feed({ clock, stored: events })
  const place = note('three')
  events.away = true
  note('four')
  const reader = follow(['history', 'gateways'], { since })
  t.strictSame(
    await reader.news(),
    ['synced', 'gap STORE_UNAVAILABLE', 'three', 'four'],
    'what is missing is told, and what is in memory',
  )
  const recent = follow(['history'], { since: place })
  t.strictSame(await recent.news(), ['synced', 'four'], 'whoever was here a moment ago misses nothing')
  note('five')
  fleet.set('anna', 'ready')
  await clock.advance(50)
  t.strictSame(await reader.news(), ['five', 'anna ready'])
})

t.test('readers', async (t) => {
  await t.test('one that does not take the history is dropped; others notice nothing', async (t) => {
    const { follow, note, clock } = feed({ eventsKept: 100 })
    const slow = follow(['history'])
    const quick = follow(['history'])
    t.strictSame(await slow.one(), ['synced'])
    await quick.news()
    note('first')
    await clock.advance(50)
    t.strictSame(await slow.one(), ['first'])
    for (let n = 0; n < 150; n++) {
      note(`e${n}`)
      await clock.advance(10)
      if (n % 20 === 0) await quick.news()
    }
    t.equal((await quick.news()).at(-1), 'e149')
    await t.rejects(slow.one(), { code: 'TOO_SLOW' })
  })

  await t.test('one that takes no alerts is dropped, too; gateways pile up for nobody', async (t) => {
    const { follow, fleet, clock } = feed()
    const [gateways, alerts] = [follow(['gateways']), follow(['alerts'])]
    for (const reader of [gateways, alerts]) t.strictSame(await reader.one(), ['synced'])
    for (let n = 0; n < 1_001; n++) {
      fleet.set('anna', n % 2 ? 'ready' : 'degraded')
      fleet.feed.alertChanged(alert(`a${n}`))
    }
    await clock.advance(50)
    t.strictSame(await gateways.one(), ['anna degraded'])
    await t.rejects(alerts.one(), { code: 'TOO_SLOW' })
  })

  await t.test(
    'leave nothing behind: by their own signal, by leaving, by the end of the manager',
    async (t) => {
      const closing = new AbortController()
      const { follow, fleet, clock, note } = feed({ signal: closing.signal })
      const own = new AbortController()
      const [first, second, third] = [
        follow(['history'], {}, own.signal),
        follow(['history']),
        follow(['gateways']),
      ]
      for (const reader of [first, second, third]) await reader.news()
      t.equal(fleet.feed.readers, 3)
      own.abort()
      t.equal(await first.over, true)
      await second.leave()
      t.equal(fleet.feed.readers, 1)
      closing.abort()
      t.equal(await third.over, true)
      t.equal(fleet.feed.readers, 0)
      note('x')
      fleet.set('anna', 'ready')
      await clock.advance(50)
      t.equal(clock.pendingTimers, 0, 'and nothing is gathered for nobody')
      t.strictSame(await follow(['history']).news(), [], 'nobody follows a manager that has stopped')
    },
  )
})
