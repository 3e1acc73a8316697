// Merging: in whatever portions and order bars come, the file is the same; others who write are neither lost nor in the way.
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { lockPathOf } from '../../../src/adapters/csv/lock-file.ts'
import type { Processes } from '../../../src/ports/lock-holder.ts'
import type { SeriesName } from '../../../src/ports/market-data.ts'
import { bar, barsFrom, barsOf, minuteMs } from '../../contracts/bar-files.ts'
import { drive, processes } from '../../contracts/manager-lock.ts'
import { FakeClock } from '../../fake-clock.ts'
import { until } from '../../fleet/world.ts'
import { barsFolder, header } from './subject.ts'

const apple: SeriesName = { symbol: 'AAPL', timeframe: '1m' }

t.test('random bars in random portions make the same file as all at once', async (t) => {
  const { open, pathOf, textOf } = barsFolder(t)
  const files = open()
  const price = fc.double({ min: 1e-9, max: 1e9, noNaN: true })
  const randomBar = fc
    .tuple(fc.nat({ max: 300 }), price, price, fc.nat())
    .map(([minute, a, b, volume]) =>
      bar(minute, { open: a, close: b, high: Math.max(a, b), low: Math.min(a, b), volume }),
    )
  const portion = fc
    .uniqueArray(randomBar, { minLength: 1, maxLength: 40, selector: ({ timeMs }) => timeMs })
    .map((bars) => bars.toSorted((a, b) => a.timeMs - b.timeMs))
  const property = fc.asyncProperty(fc.array(portion, { minLength: 1, maxLength: 6 }), async (portions) => {
    rmSync(pathOf(apple), { force: true })
    for (const bars of portions) await files.merge(apple, bars)
    const text = textOf(apple)
    const { runs, bars: count } = await files.coverage(apple, 0)
    const last = new Map(portions.flat().map((one) => [one.timeMs, one]))
    const all = [...last.values()].sort((a, b) => a.timeMs - b.timeMs)
    t.strictSame(await barsOf(files, apple), all)
    rmSync(pathOf(apple))
    await files.merge(apple, all)
    const fresh = open()
    const surveyed = await fresh.coverage(apple, 0)
    await fresh.close()
    t.strictSame([runs, count], [surveyed.runs, surveyed.bars], 'what a merge knows is what a survey finds')
    return textOf(apple) === text
  })
  await fc.assert(property, { numRuns: 25 })
})

t.test('what another program appends while bars are merged is not lost', async (t) => {
  const { open, pathOf, textOf } = barsFolder(t)
  const files = open()
  await files.merge(apple, barsFrom(0, 20_000))
  const row = `${new Date(bar(90_000).timeMs).toISOString().slice(0, 19)}Z,1,1,1,1,1`
  let isOver = false
  const merging = files.merge(apple, barsFrom(20_000, 20_010)).finally(() => {
    isOver = true
  })
  // Once the draft is there, the old file has been read.
  const draft = () => isOver || readdirSync(dirname(pathOf(apple))).some((file) => file.endsWith('.tmp'))
  await until(draft, Boolean, 'a draft beside the file', 15_000, 0)
  appendFileSync(pathOf(apple), `${row}\n`)
  await merging
  t.ok(textOf(apple).endsWith(`${row}\n`))
  await files.merge(apple, barsFrom(20_000, 20_010))
  t.equal((await barsOf(files, apple)).length, 20_011)
})

t.test('left-over drafts of a killed process are removed, other files are not', async (t) => {
  const { open, pathOf } = barsFolder(t)
  const folder = dirname(pathOf(apple))
  mkdirSync(folder, { recursive: true })
  for (const file of ['.1m.csv.0b1c.tmp', '.5m.csv.0b1c.tmp', '.1m.csv.bak'])
    writeFileSync(join(folder, file), 'half')
  await open().merge(apple, [bar(0)])
  t.strictSame(readdirSync(folder).sort(), ['.1m.csv.bak', '.5m.csv.0b1c.tmp', '1m.csv'])
})

/** A lock as another process would have left it. */
function plantLock(path: string, as: Processes): string {
  mkdirSync(dirname(path), { recursive: true })
  const lockPath = lockPathOf(path)
  writeFileSync(lockPath, JSON.stringify({ managerId: 'x', ...as.self, renewedAt: 0 }))
  return lockPath
}

t.test('a file that a living process holds is waited for, and given up with its name', async (t) => {
  const { open, pathOf } = barsFolder(t)
  const lockPath = plantLock(pathOf(apple), processes({ pid: 200 }))
  const clock = new FakeClock()
  const files = open({ clock, processes: processes({}, { 200: '5000' }) })
  const refused = drive(clock, files.merge(apple, [bar(0)]))
  await t.rejects(refused, {
    code: 'BAR_FILE_LOCKED',
    message: /held by process 200 on host-a .*\.1m\.csv\.lock/,
  })
  t.ok(clock.monotonicMs() >= 15_000)
  t.ok(existsSync(lockPath), 'and its lock is left to it')
  t.equal(existsSync(pathOf(apple)), false)

  const waiting = files.merge(apple, [bar(0)])
  await clock.advance(1_000)
  rmSync(lockPath)
  t.strictSame(await drive(clock, waiting), { added: 1, changed: 0 }, 'as soon as it is free')
  t.strictSame(readdirSync(dirname(pathOf(apple))), ['1m.csv'])
  t.equal(clock.pendingTimers, 0, 'no renewal goes on')
})

const gone: Record<string, { as: Processes; atOnce: boolean }> = {
  'whose process has ended': { as: processes({ pid: 200 }), atOnce: true },
  'of another boot that gives no sign of life': {
    as: processes({ pid: 200, bootId: 'boot-b' }),
    atOnce: false,
  },
}
for (const [kind, { as, atOnce }] of Object.entries(gone))
  t.test(`a lock ${kind} is taken over`, async (t) => {
    const { open, pathOf } = barsFolder(t)
    plantLock(pathOf(apple), as)
    const clock = new FakeClock()
    const files = open({ clock, processes: processes() })
    const merging = files.merge(apple, [bar(0)])
    // Time stands still for whom nobody needs to wait.
    await (atOnce ? merging : drive(clock, merging))
    t.equal(clock.monotonicMs() >= 10_000, !atOnce)
    t.strictSame(readdirSync(dirname(pathOf(apple))), ['1m.csv'])
  })

t.test('half a lock, as a crash leaves it, is taken over after 10 s', async (t) => {
  const { open, pathOf } = barsFolder(t)
  writeFileSync(plantLock(pathOf(apple), processes()), '{"mana')
  const clock = new FakeClock()
  await drive(clock, open({ clock, processes: processes() }).merge(apple, [bar(0)]))
  t.ok(clock.monotonicMs() >= 10_000)
})

t.test('several writers of one file at once: nothing is lost', async (t) => {
  const { open, pathOf } = barsFolder(t)
  const writers = [open(), open(), open()]
  const parts = Array.from({ length: 9 }, (_, index) => barsFrom(index * 10, index * 10 + 12))
  await Promise.all(parts.map((part, index) => writers[index % 3]?.merge(apple, part)))
  t.strictSame(await barsOf(open(), apple), barsFrom(0, 92))
  t.strictSame(readdirSync(dirname(pathOf(apple))), ['1m.csv'])
})

t.test('two that make the same new file: the later one adds to it', async (t) => {
  const { open } = barsFolder(t)
  const [a, b] = [open(), open()]
  const merged = await Promise.all([a.merge(apple, barsFrom(0, 5)), b.merge(apple, barsFrom(3, 8))])
  t.equal(merged[0].added + merged[1].added, 8)
})

t.test('a reader keeps the file that it began with', async (t) => {
  const { open, pathOf } = barsFolder(t)
  const files = open()
  await files.merge(apple, barsFrom(0, 10_000))
  const reading = files.read(apple, 0, Number.POSITIVE_INFINITY)[Symbol.asyncIterator]()
  const first = await reading.next()
  await files.merge(apple, [bar(9_999, { volume: 7 })])
  let [count, last] = [first.value?.length ?? 0, bar(0)]
  for (let next = await reading.next(); !next.done; next = await reading.next()) {
    count += next.value.length
    last = next.value.at(-1) ?? last
  }
  t.equal(count, 10_000)
  t.strictSame(last, bar(9_999))
  t.ok((first.value?.length ?? 0) < 5_000, 'in portions')
  t.equal(last.timeMs - (first.value?.[0]?.timeMs ?? 0), 9_999 * minuteMs)
  t.ok(readFileSync(pathOf(apple), 'utf8').startsWith(header))
})
