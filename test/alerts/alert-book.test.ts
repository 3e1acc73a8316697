// The alert book: one open alert per key, told once, stored, and no sink or store that fails does any harm.
import t from 'tap'
import type { Alert } from '../../schemas/alert.ts'
import { AlertBook } from '../../src/alerts/alert-book.ts'
import type { AlertDraft, AlertSink } from '../../src/ports/alerts.ts'
import { FleetError } from '../../src/ports/errors.ts'
import type { AlertStore } from '../../src/ports/stores.ts'
import { FakeClock, settle } from '../fake-clock.ts'
import { silent } from '../fleet/looks.ts'

/** Keeps alerts in memory, as the port promises. */
function memoryStore(): AlertStore & { readonly alerts: Map<string, Alert> } {
  const alerts = new Map<string, Alert>()
  return {
    alerts,
    put: async (alert) => {
      alerts.set(alert.id, alert)
    },
    get: async (id) => alerts.get(id) ?? null,
    list: async ({ open, limit }) =>
      [...alerts.values()]
        .filter((alert) => !open || alert.resolvedAt === undefined)
        .sort((a, b) => b.raisedAt.localeCompare(a.raisedAt))
        .slice(0, limit),
    sweep: async () => 0,
  }
}

/** A store that takes nothing while it is away. */
function storeThatGoesAway() {
  const store = memoryStore()
  const away = {
    ...store,
    isAway: false,
    put: async (alert: Alert) => {
      if (away.isAway) throw new FleetError('STORE_UNAVAILABLE', 'away')
      await store.put(alert)
    },
  }
  return away
}

function bookOf(store: AlertStore = memoryStore(), others: AlertSink[] = []) {
  const clock = new FakeClock()
  const told: string[] = []
  const sink: AlertSink = {
    name: 'memory',
    deliver: async (alert, change) => {
      told.push(`${change} ${alert.level} ${alert.key}`)
    },
  }
  return { clock, told, store, book: new AlertBook({ store, sinks: [...others, sink], clock, log: silent }) }
}

const draft = (changed: Partial<AlertDraft> = {}): AlertDraft => ({
  key: 'gateway:f1:CRASH_LOOP',
  level: 'WARNING',
  code: 'CRASH_LOOP',
  followerId: 'f1',
  title: 'Down: f1',
  message: 'It is down.',
  ...changed,
})

t.test('raised again it is counted, not told', async (t) => {
  const { book, told, store, clock } = bookOf()
  book.raise(draft())
  await clock.advance(1000)
  book.raise(draft())
  await book.flush()
  t.strictSame(told, ['raised WARNING gateway:f1:CRASH_LOOP'])
  const [alert, ...rest] = await store.list({ limit: 9 })
  t.match(alert, { count: 2, raisedAt: '2026-01-05T12:00:00.000Z', lastRaisedAt: '2026-01-05T12:00:01.000Z' })
  t.equal(rest.length, 0)
})

t.test('another level or other words are told again, and want another acknowledgement', async (t) => {
  const { book, told, store } = bookOf()
  book.raise(draft())
  await book.flush()
  const [alert] = await book.list({ limit: 1 })
  await book.acknowledge(alert?.id ?? '', 'ann')
  book.raise(draft())
  t.match(await book.acknowledge(alert?.id ?? '', 'bob'), { acknowledgedBy: 'ann' }, 'the first name stays')
  book.raise(draft({ level: 'ERROR' }))
  book.raise(draft({ level: 'ERROR', message: 'Worse.' }))
  await book.flush()
  t.strictSame(
    told.map((line) => line.split(' ')[1]),
    ['WARNING', 'ERROR', 'ERROR'],
  )
  const [last] = await store.list({ limit: 9 })
  t.match(last, { id: alert?.id, count: 4, message: 'Worse.' })
  t.equal(last?.acknowledgedAt, undefined)
})

t.test('resolved it is over; raised after that it is another', async (t) => {
  const { book, told, store } = bookOf()
  book.resolve('gateway:f1:CRASH_LOOP')
  book.raise(draft())
  book.resolve('gateway:f1:CRASH_LOOP')
  t.notOk(book.isOpen('gateway:f1:CRASH_LOOP'))
  book.raise(draft())
  await book.flush()
  t.strictSame(
    told.map((line) => line.split(' ')[0]),
    ['raised', 'resolved', 'raised'],
  )
  const alerts = await store.list({ limit: 9 })
  t.equal(new Set(alerts.map(({ id }) => id)).size, 2)
  t.equal((await store.list({ open: true, limit: 9 })).length, 1)
})

t.test('settle makes the open ones exactly these, and the same again changes nothing', async (t) => {
  const { book, told } = bookOf()
  const [a, b] = [draft({ key: 'gateway:f1:A' }), draft({ key: 'gateway:f1:B' })]
  book.raise(draft({ key: 'gateway:f10:A' }))
  book.settle('gateway:f1:', [a, b])
  book.settle('gateway:f1:', [a, b])
  book.settle('gateway:f1:', [b])
  book.settle('gateway:f1:', [])
  book.settle('gateway:f1:', [])
  await book.flush()
  t.strictSame(told, [
    'raised WARNING gateway:f10:A',
    'raised WARNING gateway:f1:A',
    'raised WARNING gateway:f1:B',
    'resolved WARNING gateway:f1:A',
    'resolved WARNING gateway:f1:B',
  ])
  t.ok(book.isOpen('gateway:f10:A'), 'another follower, whose id begins the same')
})

t.test('after a restart what is still so is not told again, and what is over is resolved', async (t) => {
  const first = bookOf()
  first.book.settle('gateway:f1:', [draft({ key: 'gateway:f1:A' }), draft({ key: 'gateway:f1:B' })])
  await first.book.flush()
  const { book, told, store } = bookOf(first.store)
  await book.load()
  book.settle('gateway:f1:', [draft({ key: 'gateway:f1:A' })])
  await book.flush()
  t.strictSame(told, ['resolved WARNING gateway:f1:B'])
  t.equal((await store.list({ limit: 9 })).length, 2)
})

t.test(
  'at the start every open alert is taken up and shown, however many there are, and none that is over',
  async (t) => {
    const first = bookOf()
    const openKeys = Array.from({ length: 1_200 }, (_, index) => `gateway:f${index}:A`)
    for (const key of openKeys) first.book.raise(draft({ key }))
    await first.clock.advance(1_000)
    for (const key of ['engine:DOWN', 'store:DOWN']) {
      first.book.raise(draft({ key }))
      first.book.resolve(key)
    }
    await first.book.flush()
    const shown: Alert[] = []
    const { store } = first
    const book = new AlertBook({
      store,
      sinks: [],
      clock: new FakeClock(),
      log: silent,
      onChange: (alert) => shown.push(alert),
    })
    await book.load()
    t.strictSame(new Set(Array.from(book.open(), ({ key }) => key)), new Set(openKeys))
    t.equal(shown.length, openKeys.length)
    t.notOk(book.isOpen('engine:DOWN'))
    book.settle('gateway:', [])
    await book.flush()
    t.strictSame(await store.list({ open: true, limit: 9 }), [])
  },
)

t.test('raised before the store could be read: that one goes on, the one of before is over', async (t) => {
  const first = bookOf()
  first.book.raise(draft())
  await first.book.flush()
  const [before] = first.book.open()
  const { book, told, store, clock } = bookOf(first.store)
  await clock.advance(5_000)
  book.raise(draft({ message: 'Still down.' }))
  await book.load()
  await book.flush()
  t.match([...book.open()], [{ message: 'Still down.' }])
  t.match(await store.get(before?.id ?? ''), { resolvedAt: new Date(clock.now()).toISOString() })
  t.match(await store.list({ open: true, limit: 9 }), [{ message: 'Still down.' }])
  t.strictSame(told, ['raised WARNING gateway:f1:CRASH_LOOP'], 'nobody hears that it is over')
  await book.load()
  t.match([...book.open()], [{ message: 'Still down.' }], 'loaded once more, it is the same')
  t.equal((await store.list({ open: true, limit: 9 })).length, 1)
})

t.test('settled again with the same it is not counted; its draft can be had back', async (t) => {
  const { book, clock } = bookOf()
  const full = draft({ action: 'Look.' })
  const { followerId, ...general } = draft({ key: 'engine:DOWN', level: 'ERROR' })
  book.settle('', [full, general])
  book.settle('', [full, general])
  t.strictSame(
    Array.from(book.open(), ({ count }) => count),
    [1, 1],
  )
  await clock.advance(15 * 60_000)
  book.remind()
  t.strictSame(book.drafted(full.key), full)
  t.strictSame(book.drafted('engine:DOWN'), general, 'as it was drafted, not as it is reminded of')
  t.equal(book.drafted('store:DOWN'), undefined)
})

t.test('acknowledge', async (t) => {
  const { book } = bookOf()
  await t.rejects(book.acknowledge('nobody', 'ann'), { code: 'ALERT_NOT_FOUND' })
  book.raise(draft())
  await book.flush()
  const [alert] = await book.list({ limit: 1 })
  book.resolve(draft().key)
  await book.flush()
  t.match(
    await book.acknowledge(alert?.id ?? '', 'ann'),
    { acknowledgedBy: 'ann', resolvedAt: String },
    'a resolved one too',
  )
})

t.test('one that is resolved while its acknowledgement is written stays resolved', async (t) => {
  const store = memoryStore()
  const answers: Array<() => void> = []
  const put = async (alert: Alert) => {
    await new Promise<void>((resolve) => answers.push(resolve))
    await store.put(alert)
  }
  const seen: Alert[] = []
  const book = new AlertBook({
    store: { ...store, put },
    sinks: [],
    clock: new FakeClock(),
    log: silent,
    onChange: (alert) => seen.push(alert),
  })
  const answerAll = async () => {
    for (let turn = 0; turn < 5; turn++) {
      for (const answer of answers.splice(0)) answer()
      await settle()
    }
  }
  book.raise(draft())
  await answerAll()
  const acknowledging = book.acknowledge(seen[0]?.id ?? '', 'ann')
  book.resolve(draft().key)
  await answerAll()
  await acknowledging
  t.match(seen.at(-1), { acknowledgedBy: 'ann', resolvedAt: String }, 'who reads along sees it resolved last')
  t.match(await store.list({ limit: 9 }), [{ acknowledgedBy: 'ann', resolvedAt: String }])

  book.raise(draft())
  await answerAll()
  const { id = '' } = seen.at(-1) ?? {}
  book.resolve(draft().key)
  const afterwards = book.acknowledge(id, 'bob')
  await answerAll()
  await afterwards
  t.match(
    seen.at(-1),
    { id, acknowledgedBy: 'bob', resolvedAt: String },
    'also where it was over just before',
  )
  t.match(store.alerts.get(id), { acknowledgedBy: 'bob', resolvedAt: String })
})

t.test('an acknowledgement counts while the store is away, and is written later', async (t) => {
  const store = storeThatGoesAway()
  const { book } = bookOf(store)
  book.raise(draft())
  await book.flush()
  const [{ id = '' } = {}] = book.open()
  store.isAway = true
  t.match(await book.acknowledge(id, 'ann'), { acknowledgedBy: 'ann' })
  t.match([...book.open()], [{ acknowledgedBy: 'ann' }])
  t.equal(store.alerts.get(id)?.acknowledgedBy, undefined)
  store.isAway = false
  book.storeAgain()
  await book.flush()
  t.match(store.alerts.get(id), { acknowledgedBy: 'ann' })
})

t.test('what fails does no harm', async (t) => {
  const away = async () => Promise.reject(new Error('away'))
  const sinks: AlertSink[] = [
    { name: 'rejects', deliver: away },
    {
      name: 'throws',
      deliver: () => {
        throw new Error('at once')
      },
    },
  ]
  const { book, told } = bookOf({ ...memoryStore(), put: away }, sinks)
  book.raise(draft())
  book.resolve(draft().key)
  await book.flush()
  t.equal(told.length, 2, 'the others hear of it')
})

t.test('a sink that never answers is given up for a while', async (t) => {
  const { book, clock } = bookOf(memoryStore(), [
    { name: 'mute', deliver: () => new Promise(() => undefined) },
  ])
  book.raise(draft())
  const flushed = book.flush()
  await clock.advance(10_000)
  await flushed
  await book.close(1_000)
  t.equal(clock.pendingTimers, 0)
})

const minute = 60_000

t.test(
  'an ERROR that nobody acknowledges is told again as CRITICAL, then every hour, after a day once a day',
  async (t) => {
    const { book, told, clock } = bookOf()
    const sweep = async (ms: number) => {
      await clock.advance(ms)
      book.settle('gateway:f1:', [draft({ level: 'ERROR' })])
      book.remind()
      await book.flush()
      return told.splice(0)
    }
    const again = ['reminded CRITICAL gateway:f1:CRASH_LOOP']
    t.strictSame(await sweep(0), ['raised ERROR gateway:f1:CRASH_LOOP'])
    t.strictSame(await sweep(15 * minute - 1), [])
    t.strictSame(await sweep(1), again)
    t.strictSame(await sweep(60 * minute - 1), [])
    t.strictSame(await sweep(1), again)
    for (let hour = 2; hour <= 24; hour++) t.strictSame(await sweep(60 * minute), again, `hour ${hour}`)
    t.strictSame(await sweep(60 * minute), [])
    t.strictSame(await sweep(23 * 60 * minute), again)
    book.resolve(draft().key)
    t.strictSame(await sweep(0), [
      'resolved CRITICAL gateway:f1:CRASH_LOOP',
      'raised ERROR gateway:f1:CRASH_LOOP',
    ])
  },
)

t.test('acknowledging ends the reminders, until it says something new', async (t) => {
  const { book, told, clock } = bookOf()
  book.raise(draft({ level: 'ERROR' }))
  await clock.advance(15 * minute)
  book.remind()
  await book.flush()
  const [alert] = await book.list({ limit: 1 })
  t.match(alert, { level: 'CRITICAL', lastRaisedAt: '2026-01-05T12:15:00.000Z' })
  t.notMatch(alert, { escalatedFrom: String })
  await book.acknowledge(alert?.id ?? '', 'ann')
  await clock.advance(300 * minute)
  book.remind()
  book.settle('gateway:f1:', [draft({ level: 'ERROR' })])
  t.equal(told.length, 2)
  book.settle('gateway:f1:', [draft({ level: 'ERROR', message: 'Another cause.' })])
  book.remind()
  await book.flush()
  t.strictSame(told.slice(2), ['raised CRITICAL gateway:f1:CRASH_LOOP'], 'as urgent as it was')
  book.settle('gateway:f1:', [draft({ level: 'WARNING' })])
  await book.flush()
  t.equal(told.at(-1), 'raised WARNING gateway:f1:CRASH_LOOP', 'it has become better')
})

t.test('the quarter of an hour begins with the ERROR, whatever it says after that', async (t) => {
  const { book, told, clock } = bookOf()
  const after = async (minutes: number, changed?: Partial<AlertDraft>) => {
    await clock.advance(minutes * minute)
    if (changed) book.settle('gateway:f1:', [draft(changed)])
    book.remind()
    await book.flush()
    return told.splice(0).map((line) => line.split(' ').slice(0, 2).join(' '))
  }
  t.strictSame(await after(0, { level: 'WARNING' }), ['raised WARNING'])
  t.strictSame(await after(10, { level: 'ERROR' }), ['raised ERROR'])
  t.strictSame(await after(10, { level: 'ERROR', message: 'Another cause.' }), ['raised ERROR'])
  t.strictSame(await after(4), [])
  t.strictSame(await after(1), ['reminded CRITICAL'])
  t.strictSame(await after(1, { level: 'ERROR', message: 'A third.' }), ['raised CRITICAL'])
  t.equal(book.drafted(draft().key)?.level, 'ERROR')
  t.strictSame(await after(1, { level: 'ERROR', message: 'A third.' }), [], 'the same')
  const [{ id = '' } = {}] = book.open()
  await book.acknowledge(id, 'ann')
  t.strictSame(await after(30, { level: 'WARNING' }), ['raised WARNING'])
  await book.acknowledge(id, 'ann')
  t.strictSame(await after(1, { level: 'ERROR' }), ['raised ERROR'])
  await book.acknowledge(id, 'ann')
  t.strictSame(await after(10, { level: 'ERROR', message: 'A fourth.' }), ['raised ERROR'])
  t.strictSame(await after(14), [], 'somebody had seen to what it said before')
  t.strictSame(await after(1), ['reminded CRITICAL'])
})

t.test('a draft that counts by itself is not counted', async (t) => {
  const { book } = bookOf()
  for (const count of [2, 3, 3]) {
    book.raise(draft({ count }))
    t.match([...book.open()], [{ count }])
  }
})

t.test('what is less than an ERROR is told once', async (t) => {
  const { book, told, clock } = bookOf()
  book.raise(draft())
  await clock.advance(2_000 * minute)
  book.remind()
  await book.flush()
  t.equal(told.length, 1)
})

t.test('a restart changes nothing about reminders', async (t) => {
  const first = bookOf()
  first.book.raise(draft({ level: 'ERROR' }))
  await first.clock.advance(15 * minute)
  first.book.remind()
  await first.book.close(1_000)
  const second = bookOf(first.store)
  await second.book.load()
  second.book.settle('gateway:f1:', [draft({ level: 'ERROR' })])
  await second.clock.advance(75 * minute - 1)
  second.book.remind()
  t.strictSame(second.told, [])
  await second.clock.advance(1)
  second.book.remind()
  await second.book.flush()
  t.strictSame(second.told, ['reminded CRITICAL gateway:f1:CRASH_LOOP'])
})

/** A webhook that a test switches off and on. */
function webhook() {
  const told: string[] = []
  const sink = {
    name: 'webhook',
    mayBeAway: true,
    isAway: false,
    async deliver(alert: Alert, change: string) {
      if (sink.isAway) throw new Error('away')
      told.push(`${change} ${alert.key} ${alert.message}`)
    },
  }
  return { sink, told }
}

t.test('what a webhook has not taken when the manager ends, the next one sends', async (t) => {
  const { sink, told } = webhook()
  const first = bookOf(memoryStore(), [sink])
  sink.isAway = true
  first.book.raise(draft())
  first.book.raise(draft({ key: 'gateway:f2:X', message: 'Over again.' }))
  first.book.resolve('gateway:f2:X')
  await first.book.close(3_000)
  t.match(await first.store.list({ limit: 9 }), [{ owedTo: ['webhook'] }, { owedTo: ['webhook'] }])
  sink.isAway = false
  const second = bookOf(first.store, [sink])
  await second.book.load()
  second.book.settle('gateway:f1:', [draft()])
  await second.book.flush()
  t.strictSame(told, ['raised gateway:f1:CRASH_LOOP It is down.', 'resolved gateway:f2:X Over again.'])
  t.strictSame(second.told, [], 'the log had them')
  const kept = await second.store.list({ limit: 9 })
  t.ok(kept.every(({ owedTo }) => owedTo === undefined))
  const third = bookOf(first.store, [sink])
  await third.book.load()
  await third.book.flush()
  t.equal(told.length, 2, 'once')
})

t.test('an alert that is over while its webhook takes it is stored as over', async (t) => {
  let take = () => {}
  const taken = new Promise<void>((resolve) => {
    take = resolve
  })
  const slow: AlertSink = { name: 'slow', mayBeAway: true, deliver: () => taken }
  const { book, store } = bookOf(memoryStore(), [slow])
  book.raise(draft())
  book.resolve(draft().key)
  take()
  await book.flush()
  t.match(await store.list({ limit: 9 }), [{ resolvedAt: String, owedTo: undefined }])
})

t.test('each alert carries the address of its section in the runbook', async (t) => {
  const clock = new FakeClock()
  const runbook = (code: string) => `http://here/runbook#${code}`
  const book = new AlertBook({ store: memoryStore(), sinks: [], clock, log: silent, runbook })
  book.raise(draft())
  await book.flush()
  t.match(await book.list({ limit: 1 }), [{ runbook: 'http://here/runbook#CRASH_LOOP' }])
})

t.test('while the store is away, the open ones are listed', async (t) => {
  const gone = async () => Promise.reject(new FleetError('STORE_UNAVAILABLE', 'away'))
  const { book } = bookOf({ ...memoryStore(), put: gone, list: gone })
  book.raise(draft())
  book.raise(draft({ key: 'gateway:f2:X', followerId: 'f2' }))
  t.equal((await book.list({ limit: 9, open: true })).length, 2)
  t.match(await book.list({ limit: 9, followerId: 'f2' }), [{ key: 'gateway:f2:X' }])
  t.strictSame(await book.list({ limit: 9, open: false }), [])
})

t.test('what the store refuses for another reason is not taken for its absence', async (t) => {
  const list = async () => Promise.reject(new FleetError('ALERT_NOT_FOUND', 'broken'))
  const { book } = bookOf({ ...memoryStore(), list })
  await t.rejects(book.list({ limit: 9 }), { message: 'broken' })
})

t.test('a word that was written late does not stand for the one after it', async (t) => {
  const store = memoryStore()
  const answers: Array<(taken: boolean) => void> = []
  const put = async (alert: Alert) => {
    if (!(await new Promise<boolean>((resolve) => answers.push(resolve))))
      throw new FleetError('STORE_UNAVAILABLE', 'away')
    await store.put(alert)
  }
  const { book } = bookOf({ ...store, put })
  book.raise(draft())
  book.resolve(draft().key)
  await settle()
  answers.shift()?.(true)
  await settle()
  answers.shift()?.(false)
  await settle()
  t.match(await store.list({ limit: 9 }), [{ resolvedAt: undefined }])
  book.storeAgain()
  await settle()
  answers.shift()?.(true)
  await book.flush()
  t.match(await store.list({ limit: 9 }), [{ resolvedAt: String }])
})

t.test('what the store would not take is written when it is back, the latest word alone', async (t) => {
  const store = storeThatGoesAway()
  const { book } = bookOf(store)
  store.isAway = true
  book.raise(draft())
  await book.flush()
  book.raise(draft({ key: 'engine:DOWN' }))
  book.resolve('engine:DOWN')
  await book.flush()
  store.isAway = false
  book.storeAgain()
  await book.flush()
  t.match(
    (await store.list({ limit: 9 })).map(({ key, resolvedAt }) => [key, resolvedAt !== undefined]).sort(),
    [
      ['engine:DOWN', true],
      ['gateway:f1:CRASH_LOOP', false],
    ],
  )
  store.alerts.clear()
  book.storeAgain()
  await book.flush()
  t.equal(store.alerts.size, 0, 'written once')
})
