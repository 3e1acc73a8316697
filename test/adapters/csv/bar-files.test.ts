// Bars in a folder of CSV files: the contract, and what a file looks like before and after.
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import type { SeriesName } from '../../../src/ports/market-data.ts'
import { bar, barFilesContract, barsFrom, barsOf, dayMs, opening } from '../../contracts/bar-files.ts'
import { barsFolder, csvSubject, header } from './subject.ts'

const apple: SeriesName = { symbol: 'AAPL', timeframe: '1m' }
const rowAt = (minute: number) =>
  `2026-11-20T14:${30 + minute}:00Z,100,102.5,99.75,${100 + (minute % 7) / 4},${1000 + minute}`
const epochRowAt = (minute: number) => rowAt(minute).replace(/^[^,]+/, String(opening / 1000 + minute * 60))

t.test('contract', async (t) => barFilesContract(t, csvSubject))

t.test('a new file is canonical, and has nothing beside it', async (t) => {
  const { open, textOf, pathOf } = barsFolder(t)
  await open().merge(apple, barsFrom(0, 3))
  t.equal(textOf(apple), [header, rowAt(0), rowAt(1), rowAt(2), ''].join('\n'))
  t.strictSame(readdirSync(dirname(pathOf(apple))), ['1m.csv'])
})

/** Puts a file there, takes `missing` of its rows away, and merges them again. */
async function refill(t: Test, place: string, text: string, missing: RegExp): Promise<void> {
  const { dir, open } = barsFolder(t)
  const path = join(dir, place)
  const isZipped = place.endsWith('.gz')
  mkdirSync(dirname(path), { recursive: true })
  const write = (content: string) => writeFileSync(path, isZipped ? gzipSync(content) : content)
  write(text)
  const before = await barsOf(open(), apple)
  t.equal(before.length, 6, 'all rows are read')
  write(text.replace(missing, ''))
  const files = open()
  t.ok((await barsOf(files, apple)).length < 6)
  await files.merge(apple, before)
  const after = readFileSync(path)
  t.equal(isZipped ? gunzipSync(after).toString() : after.toString(), text)
  t.strictSame(
    readdirSync(dirname(path)).filter((file) => /1m|tmp|lock/.test(file)),
    [path.split('/').at(-1)],
  )
  t.equal((await files.coverage(apple, 0)).bars, 6)
}

const iso = [header, ...[0, 1, 2, 3, 4, 5].map(rowAt)]
const epoch = [header, ...[0, 1, 2, 3, 4, 5].map(epochRowAt)]
const middle = /[^\n]*(14:32|14:33)[^\n]*\n/g
const manners: Record<string, { text: string; missing: RegExp }> = {
  canonical: { text: `${iso.join('\n')}\n`, missing: middle },
  'CRLF and a byte order mark': { text: `\ufeff${iso.join('\r\n')}\r\n`, missing: middle },
  'no newline at the end': { text: iso.join('\n'), missing: middle },
  'CRLF without the last one, the end missing': { text: iso.join('\r\n'), missing: /\r\n[^\n]*14:35[^\n]*$/ },
  'the begin missing': { text: iso.join('\n'), missing: /[^\n]*14:30[^\n]*\n/ },
  'epoch seconds': { text: `${epoch.join('\n')}\n`, missing: new RegExp(`${epochRowAt(2)}\n`) },
}
for (const place of ['AAPL/1m.csv', 'AAPL/1m.csv.gz', 'AAPL_1m.csv', 'AAPL_1m.csv.gz'])
  for (const [manner, { text, missing }] of Object.entries(manners))
    t.test(`${place}, ${manner}: what was taken away and filled again is the same to the byte`, (t) =>
      refill(t, place, text, missing),
    )

t.test('lines stay as they were, whatever form their numbers have', async (t) => {
  const { open, pathOf, textOf } = barsFolder(t)
  mkdirSync(dirname(pathOf(apple)), { recursive: true })
  const odd = '2026-11-20T14:31:00Z,1.00e2,102.50,099.75,.1e3,1000.0'
  writeFileSync(pathOf(apple), [header, rowAt(0), odd, rowAt(2), ''].join('\n'))
  const files = open()
  await files.merge(apple, [bar(1, { close: 100, volume: 1000 }), bar(3)])
  t.equal(textOf(apple), [header, rowAt(0), odd, rowAt(2), rowAt(3), ''].join('\n'))
})

t.test('columns of somebody else are kept, and empty in new lines', async (t) => {
  const { open, pathOf, textOf } = barsFolder(t)
  mkdirSync(dirname(pathOf(apple)), { recursive: true })
  const lines = [`${header},wap,note`, `${rowAt(0)},100.1,ünsafe`, `${rowAt(2)},100.2,`]
  writeFileSync(pathOf(apple), `${lines.join('\r\n')}\r\n`)
  await open().merge(apple, [bar(0, { volume: 5 }), bar(1)])
  const changed = `${rowAt(0).replace(/1000$/, '5')},100.1,ünsafe`
  t.equal(textOf(apple), `${[lines[0], changed, `${rowAt(1)},,`, lines[2]].join('\r\n')}\r\n`)
})

t.test('nothing is written when nothing changes', async (t) => {
  const { open, pathOf } = barsFolder(t)
  const files = open()
  await files.merge(apple, barsFrom(0, 10))
  const before = statSync(pathOf(apple), { bigint: true })
  await files.merge(apple, barsFrom(2, 6))
  await open().merge(apple, barsFrom(0, 10))
  const after = statSync(pathOf(apple), { bigint: true })
  t.strictSame([after.mtimeNs, after.ino], [before.mtimeNs, before.ino])
})

t.test('mode and links stay', async (t) => {
  const { dir, open, pathOf } = barsFolder(t)
  mkdirSync(dirname(pathOf(apple)), { recursive: true })
  mkdirSync(join(dir, '.elsewhere'))
  const real = join(dir, '.elsewhere', 'apple.csv')
  writeFileSync(real, `${header}\n`)
  chmodSync(real, 0o640)
  symlinkSync(real, pathOf(apple))
  await open().merge(apple, [bar(0)])
  t.equal(statSync(real).mode & 0o777, 0o640)
  t.equal(readFileSync(real, 'utf8'), `${header}\n${rowAt(0)}\n`)
})

t.test('a long file is read from the middle, and filled there', async (t) => {
  const { open, pathOf, textOf } = barsFolder(t)
  const files = open()
  const days = 60
  const long = Array.from({ length: days }, (_, day) =>
    barsFrom(0, 390).map((one) => ({ ...one, timeMs: one.timeMs + (day - days) * dayMs })),
  )
  await files.merge(apple, long.flat())
  const text = textOf(apple)
  for (const day of [0, 1, 17, 42, days - 1]) {
    const start = opening + (day - days) * dayMs
    const found = await barsOf(files, apple, start, start + dayMs)
    t.strictSame(found, long[day], `day ${day}`)
    const coverage = await open().coverage(apple, start)
    t.equal(coverage.bars, (days - day) * 390)
    t.strictSame([coverage.firstMs, coverage.lastMs], [long[0]?.[0]?.timeMs, long.at(-1)?.at(-1)?.timeMs])
  }
  const date = new Date(opening - 30 * dayMs).toISOString().slice(0, 10)
  writeFileSync(pathOf(apple), text.replaceAll(new RegExp(`${date}[^\n]*\n`, 'g'), ''))
  t.strictSame(await files.merge(apple, long[30] ?? []), { added: 390, changed: 0 })
  t.equal(textOf(apple), text)
})

t.test('coverage is told from memory until the file changes, whoever changes it', async (t) => {
  const { open, pathOf, textOf } = barsFolder(t)
  const files = open()
  await files.merge(apple, barsFrom(0, 5))
  t.equal((await files.coverage(apple, 0)).bars, 5)
  writeFileSync(pathOf(apple), `${textOf(apple)}${rowAt(7)}\n`)
  t.equal((await files.coverage(apple, 0)).bars, 6)
  writeFileSync(pathOf(apple), `${textOf(apple)}half a`)
  await t.rejects(files.coverage(apple, 0), { code: 'BAR_FILE_DAMAGED', message: /line 8: it has 1 fields/ })
  await t.rejects(files.coverage(apple, 0), { code: 'BAR_FILE_DAMAGED' }, 'as often as it is asked')
})

t.test('a bar that nobody could read again is refused, with all that came along', async (t) => {
  const { open } = barsFolder(t)
  const files = open()
  for (const wrong of [
    bar(1, { high: 99 }),
    bar(1, { close: Number.NaN }),
    bar(1, { volume: -2 }),
    bar(1, { timeMs: opening + 1 }),
    bar(0),
    bar(1, { timeMs: Number.POSITIVE_INFINITY }),
  ])
    await t.rejects(files.merge(apple, [bar(0), wrong]), {
      code: 'INVALID_REQUEST',
      message: /AAPL 1m: the bar of/,
    })
  t.equal(await files.has(apple), false)
})

t.test('what is no series is told once, and left alone', async (t) => {
  const { dir, open } = barsFolder(t)
  mkdirSync(join(dir, '%2e'), { recursive: true })
  mkdirSync(join(dir, 'AAPL'))
  for (const file of [
    '%2e/1m.csv',
    'AAPL/2m.csv',
    'AAPL/1m.csv',
    'AAPL/1m.csv.gz',
    'notes.txt',
    '.hidden_1m.csv',
  ])
    writeFileSync(join(dir, file), '')
  const told: unknown[] = []
  const log = {
    debug() {},
    info() {},
    warn: (fields: object) => told.push(fields),
    error() {},
    child: () => log,
  }
  const files = open({ log })
  t.strictSame(await files.list(), [apple])
  t.strictSame(await files.list(), [apple])
  t.match(told, [{ files: ['%2e/1m.csv', 'AAPL/1m.csv.gz', 'AAPL/2m.csv', 'notes.txt'] }])
  t.equal(told.length, 1)
})
