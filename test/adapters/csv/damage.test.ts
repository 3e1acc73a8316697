// Damaged files: each kind is reported with its line by all that meet it, and the file stays as it is.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { isFleetError } from '../../../src/ports/errors.ts'
import type { Bar, SeriesName } from '../../../src/ports/market-data.ts'
import { bar, barsFrom, barsOf, dayMs, opening } from '../../contracts/bar-files.ts'
import { runs } from '../../fuzz/runs.ts'
import { barsFolder, header } from './subject.ts'

const name: SeriesName = { symbol: 'BRK B', timeframe: '1m' }
const row = (minute: number) => `2026-11-20T14:${30 + minute}:00Z,10,12,9,11,100`
const sound = [header, row(0), row(1), row(2), row(3), row(4)]

/** A sound file with one line replaced. */
function withLine(line: number, text: string): string {
  return `${sound.with(line - 1, text).join('\n')}\n`
}

const kinds: Record<string, { text: string | Buffer; says: RegExp; place?: SeriesName }> = {
  'an empty file': { text: '', says: /line 1: the file is empty/ },
  'another header': {
    text: withLine(1, 'date,open'),
    says: /line 1: the header is "date,open" instead of timestamp/,
  },
  'no header': { text: `${row(0)}\n`, says: /line 1: the header is/ },
  'too few fields': {
    text: withLine(3, '2026-11-20T14:31:00Z,10,12'),
    says: /line 3: it has 3 fields instead of 6/,
  },
  'too many fields': { text: withLine(3, `${row(1)},7`), says: /line 3: it has 7 fields/ },
  'an empty line': { text: withLine(4, ''), says: /line 4: it is empty/ },
  'an empty line at the end': { text: `${sound.join('\n')}\n\n`, says: /line 7: it is empty/ },
  'an empty line first': { text: withLine(2, ''), says: /line 2: it is empty/ },
  'half a last line': { text: `${sound.join('\n')}\n2026-11-20T14:3`, says: /line 7: it has 1 fields/ },
  'half a last line, short by one field': {
    text: `${sound.join('\n')}\n2026-11-20T14:35:00Z,10,12,9,11`,
    says: /line 7: it has 5 fields/,
  },
  'NUL bytes': { text: withLine(5, '\0'.repeat(40)), says: /line 5: it has NUL bytes/ },
  'a word for a number': {
    text: withLine(3, row(1).replace('12', 'abc')),
    says: /line 3: high is not a number: "abc"/,
  },
  NaN: { text: withLine(3, row(1).replace(',100', ',NaN')), says: /line 3: volume is not a number: "NaN"/ },
  quotes: { text: withLine(3, row(1).replace(',12,', ',"12",')), says: /line 3: high is not a number/ },
  'a time twice': { text: withLine(4, row(1)), says: /line 4: it repeats the time of the line before/ },
  'times not in order': { text: withLine(4, row(0)), says: /line 4: its time is before/ },
  'a time of another form': {
    text: withLine(4, row(2).replace(/^[^,]*/, '1795185120')),
    says: /line 4: "1795185120" is not a UTC time/,
  },
  'a day that is none': {
    text: withLine(6, row(4).replace('11-20', '11-31')),
    says: /line 6: "2026-11-31T14:34:00Z" is not a UTC time/,
  },
  'seconds in a time': {
    text: withLine(6, row(4).replace(':00Z', ':30Z')),
    says: /line 6: the time is not a whole minute/,
  },
  'a high below the open': {
    text: withLine(2, row(0).replace(',10,12', ',11,10')),
    says: /line 2: high 10 is below open 11; mend or remove that line/,
  },
  'a low above the close': {
    text: withLine(2, row(0).replace(',9,11', ',9,8')),
    says: /line 2: low 9 is above close 8/,
  },
  'a negative volume': {
    text: withLine(2, row(0).replace(',100', ',-100')),
    says: /line 2: volume -100 is negative/,
  },
  'a line without end': { text: `${header}\n${'x'.repeat(200_000)}`, says: /line 2: it is longer than/ },
  'a daily bar that is not at midnight': {
    text: `${sound.join('\n')}\n`,
    says: /BRK B 1d: .*line 2: the time of a daily bar is not midnight UTC/,
    place: { ...name, timeframe: '1d' },
  },
}
for (const [kind, { text, says, place = name }] of Object.entries(kinds))
  t.test(`${kind} is reported with its line, and not written over`, async (t) => {
    const { open, pathOf } = barsFolder(t)
    mkdirSync(dirname(pathOf(place)), { recursive: true })
    writeFileSync(pathOf(place), text)
    const files = open()
    const fault = { code: 'BAR_FILE_DAMAGED', message: says }
    const timeMs = place.timeframe === '1d' ? opening - (opening % dayMs) + dayMs : bar(20).timeMs
    await t.rejects(files.merge(place, [bar(20, { timeMs })]), fault)
    await t.rejects(files.coverage(place, 0), fault)
    await t.rejects(barsOf(files, place), fault)
    t.equal(readFileSync(pathOf(place), 'utf8'), text)
    t.strictSame(readdirSync(dirname(pathOf(place))), [`${place.timeframe}.csv`])
  })

t.test('a damaged gzip stream is reported, and not written over', async (t) => {
  const { open, pathOf } = barsFolder(t)
  const path = `${pathOf(name)}.gz`
  mkdirSync(dirname(path), { recursive: true })
  const whole = gzipSync(`${sound.join('\n')}\n`)
  const damages: Record<string, Buffer> = {
    truncated: whole.subarray(0, -12),
    'not gzip': Buffer.from(sound.join('\n')),
    'followed by something': Buffer.concat([whole, Buffer.from('more')]),
    'of no length': Buffer.alloc(0),
  }
  for (const [kind, bytes] of Object.entries(damages)) {
    writeFileSync(path, bytes)
    const files = open()
    const fault = { code: 'BAR_FILE_DAMAGED', message: /BRK B 1m: .*1m\.csv\.gz line \d+: .*mend the file/ }
    await t.rejects(files.merge(name, [bar(20)]), fault, kind)
    await t.rejects(files.coverage(name, 0), fault, kind)
    await t.rejects(barsOf(files, name), fault, kind)
    t.ok(readFileSync(path).equals(bytes), kind)
  }
})

t.test('damage far from where bars are added keeps them out all the same', async (t) => {
  const { open, pathOf, textOf } = barsFolder(t)
  await open().merge(name, barsFrom(0, 6_000))
  const lines = textOf(name).split('\n')
  const text = lines.with(99, (lines[99] ?? '').replace(',102.5,', ',2.5,')).join('\n')
  writeFileSync(pathOf(name), text)
  const files = open()
  t.equal((await files.coverage(name, bar(5_900).timeMs)).bars, 100, 'what is read of it is sound')
  await t.rejects(files.merge(name, [bar(6_000)]), { message: /line 100: high 2.5 is below open 100/ })
  t.equal(textOf(name), text)
})

t.test('random damage is reported or harmless, and never written over', async (t) => {
  const { open, pathOf, textOf } = barsFolder(t)
  const files = open()
  const bars = barsFrom(0, 40)
  await files.merge(name, bars)
  const whole = readFileSync(pathOf(name))
  const byte = fc.oneof(fc.constantFrom(0, 10, 13, 34, 44, 46, 48), fc.integer({ min: 0, max: 255 }))
  const damage = fc.array(fc.tuple(fc.nat({ max: whole.length - 1 }), byte), { minLength: 1, maxLength: 3 })
  const property = fc.asyncProperty(damage, fc.boolean(), async (changes, isCut) => {
    const spoilt = Buffer.from(whole)
    for (const [at, value] of changes) spoilt[at] = value
    const bytes = isCut ? spoilt.subarray(0, changes[0]?.[0]) : spoilt
    writeFileSync(pathOf(name), bytes)
    const found = await barsOf(files, name).catch((error) => error)
    if (isFleetError(found, 'BAR_FILE_DAMAGED')) {
      await files.merge(name, [bar(50)]).then(
        () => Promise.reject(new Error('it was merged into')),
        () => {},
      )
      return readFileSync(pathOf(name)).equals(bytes)
    }
    const before = bytes.toString('latin1').split(/\r?\n/)
    await files.merge(name, [bar(50)])
    const after = textOf(name)
    const kept = found as Bar[]
    return (
      before.every((line) => after.includes(line)) && (await barsOf(files, name)).length === kept.length + 1
    )
  })
  await fc.assert(property, runs(150))
  t.pass()
})

t.test('arbitrary bytes are reported with their line, or read; and never written over', async (t) => {
  const { open, pathOf } = barsFolder(t)
  const files = open()
  mkdirSync(dirname(pathOf(name)), { recursive: true })
  const cell = fc.oneof(
    fc.constantFrom(
      '',
      '1',
      '-1',
      '0',
      '1e3',
      '1e999',
      '.',
      'NaN',
      '"1"',
      '1795185000',
      '2026-11-20T14:31:00Z',
      '\r',
    ),
    fc.string({ unit: 'binary', maxLength: 5 }),
  )
  const line = fc.oneof(
    fc.constantFrom(header, `${header},wap`, row(0), row(1), `\ufeff${header}`, ''),
    fc.array(cell, { maxLength: 8 }).map((cells) => cells.join(',')),
  )
  const csv = fc
    .tuple(fc.boolean(), fc.array(line, { maxLength: 6 }), fc.constantFrom('\n', '\r\n', '\r'), fc.boolean())
    .map(([withHeader, lines, lineEnd, ends]) =>
      Buffer.from([...(withHeader ? [header] : []), ...lines].join(lineEnd) + (ends ? lineEnd : '')),
    )
  const bytes = fc.oneof(
    { weight: 4, arbitrary: csv },
    fc.uint8Array({ maxLength: 80 }).map((some) => Buffer.from(some)),
  )
  const property = fc.asyncProperty(bytes, fc.boolean(), async (content, zipped) => {
    const path = zipped ? `${pathOf(name)}.gz` : pathOf(name)
    rmSync(pathOf(name), { force: true })
    rmSync(`${pathOf(name)}.gz`, { force: true })
    writeFileSync(path, zipped ? gzipSync(content) : content)
    const [found, covered] = await Promise.all([
      barsOf(files, name).catch((error) => error),
      files.coverage(name, 0).catch((error) => error),
    ])
    if (!isFleetError(found))
      return Array.isArray(found) && (isFleetError(covered) || covered.bars === found.length)
    const held = readFileSync(path)
    return (
      isFleetError(found, 'BAR_FILE_DAMAGED') &&
      isFleetError(covered, 'BAR_FILE_DAMAGED') &&
      /line \d+: /.test(found.message) &&
      (zipped || held.equals(content))
    )
  })
  await fc.assert(property, runs(60))
})

t.test('what is written is read back, bar for bar', async (t) => {
  const { open, pathOf } = barsFolder(t)
  const files = open()
  const price = fc
    .double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 })
    .map((value) => value + 0)
  const someBar = fc
    .tuple(
      fc.nat(100_000),
      fc.tuple(price, price, price, price),
      fc.oneof(fc.constant(-1), fc.nat(), fc.double({ min: 0, max: 1e15, noNaN: true })),
    )
    .map(([minute, prices, volume]) => {
      const [low = 0, open = 0, close = 0, high = 0] = prices.toSorted((a, b) => a - b)
      return bar(minute, { open, high, low, close, volume: volume + 0 })
    })
  const series = fc
    .uniqueArray(someBar, { minLength: 1, maxLength: 20, selector: ({ timeMs }) => timeMs })
    .map((bars) => bars.toSorted((a, b) => a.timeMs - b.timeMs))
  await fc.assert(
    fc.asyncProperty(series, async (bars) => {
      rmSync(pathOf(name), { force: true })
      await files.merge(name, bars)
      t.strictSame(await barsOf(files, name), bars)
    }),
    runs(60),
  )
})
