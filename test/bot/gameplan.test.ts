// The gameplan: what is one, and every way in which a file is none. Nothing here may throw.
import { execFileSync } from 'node:child_process'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { parseGameplan, readGameplan } from '../../src/bot/gameplan.ts'
import { testFolder } from '../test-folder.ts'

const today = '2026-02-10'
const sound = {
  date: today,
  strategy: 'A',
  symbols: ['SPY'],
  hard_limits: { max_daily_loss_pct: 0.1, max_single_position: 120 },
}
const text = (changes: object = {}) => JSON.stringify({ ...sound, ...changes })
const limits = (changes: object) => text({ hard_limits: { ...sound.hard_limits, ...changes } })

t.test('the gameplan of today', async (t) => {
  const path = join(testFolder(t, { 'gameplan.json': text() }), 'gameplan.json')
  t.strictSame(await readGameplan(path, today), { ok: true, gameplan: sound, warnings: [] })
})

t.test('a byte order mark does no harm', async (t) => {
  const path = join(testFolder(t, { 'gameplan.json': `\uFEFF${text()}` }), 'gameplan.json')
  t.match(await readGameplan(path, today), { ok: true })
})

t.test('fields that are not known are left out, with a warning that names them', async (t) => {
  const reading = parseGameplan(
    text({ comment: 'x', hard_limits: { ...sound.hard_limits, max_orders: 3 } }),
    today,
  )
  t.match(reading, { ok: true, gameplan: sound, warnings: [/comment, hard_limits\.max_orders/] })
})

t.test('a gameplan of another day is stale, and says both days', async (t) => {
  for (const date of ['2026-02-09', '2026-02-11'])
    t.match(parseGameplan(text({ date }), today), {
      ok: false,
      kind: 'stale',
      why: new RegExp(`${date}.*${today}`),
    })
})

t.test('what is malformed says where', async (t) => {
  const cases: Array<[what: string, text: string, why: RegExp]> = [
    ['nothing', '', /not JSON/],
    ['half a file', text().slice(0, 40), /not JSON/],
    ['NaN', text().replace('0.1', 'NaN'), /not JSON/],
    ['Infinity', text().replace('120', 'Infinity'), /not JSON/],
    ['a number that becomes infinite', text().replace('120', '1e999'), /max_single_position/],
    ['null', 'null', /no gameplan/],
    ['a list', '[]', /no gameplan/],
    ['no date', text({ date: undefined }), /date/],
    ['a date that is none', text({ date: '2026-02-30' }), /2026-02-30/],
    ['a date in other words', text({ date: '10 Feb 2026' }), /date/],
    ['a strategy that is a number', text({ strategy: 1 }), /strategy/],
    ['an empty strategy', text({ strategy: '' }), /strategy/],
    ['symbols as text', text({ symbols: 'SPY' }), /symbols/],
    ['an empty symbol', text({ symbols: [''] }), /symbols/],
    ['no limits', text({ hard_limits: undefined }), /hard_limits/],
    ['limits without the loss', limits({ max_daily_loss_pct: undefined }), /max_daily_loss_pct/],
    ['a loss of 0', limits({ max_daily_loss_pct: 0 }), /max_daily_loss_pct/],
    ['a loss in percent', limits({ max_daily_loss_pct: 10 }), /max_daily_loss_pct/],
    ['a loss as text', limits({ max_daily_loss_pct: '0.1' }), /max_daily_loss_pct/],
    ['a negative position', limits({ max_single_position: -1 }), /max_single_position/],
    ['a position of null', limits({ max_single_position: null }), /max_single_position/],
    ['a hundred thousand brackets', '['.repeat(100_000), /not JSON/],
  ]
  for (const [what, bad, why] of cases)
    t.match(parseGameplan(bad, today), { ok: false, kind: 'malformed', why }, what)
})

t.test('what is no readable file', async (t) => {
  const folder = testFolder(t, { folder: {}, utf16: Buffer.from(`\uFEFF${text()}`, 'utf16le') })
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  const huge = join(folder, 'huge')
  const file = await open(huge, 'w')
  await file.truncate(100 * 1024 * 1024)
  await file.close()
  const read = (name: string) => readGameplan(join(folder, name), today)
  t.match(await read('nothing.json'), { ok: false, kind: 'missing', why: /There is no/ })
  t.match(await read('huge/gameplan.json'), { ok: false, kind: 'missing' })
  t.match(await read('folder'), { ok: false, kind: 'malformed', why: /a folder/ })
  t.match(await read('pipe'), { ok: false, kind: 'malformed', why: /not a file/ })
  t.match(await read('utf16'), { ok: false, kind: 'malformed', why: /UTF-8/ })
  t.match(await read('\0'), { ok: false, kind: 'malformed' })
  const heapBefore = process.memoryUsage().arrayBuffers
  t.match(await read('huge'), { ok: false, kind: 'malformed', why: /1 MiB/ })
  t.ok(process.memoryUsage().arrayBuffers - heapBefore < 10 * 1024 * 1024, '100 MB were not read')
})

t.test('whatever a file holds, reading it never throws, and what passes has limits that limit', async () => {
  const anything = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .record({
        date: fc.constant(today),
        strategy: fc.anything(),
        symbols: fc.anything(),
        hard_limits: fc.anything(),
      })
      .map((value) => JSON.stringify(value) ?? ''),
    fc
      .record({ max_daily_loss_pct: fc.oneof(fc.double(), fc.anything()), max_single_position: fc.double() })
      .map((hard_limits) => text({ hard_limits })),
  )
  fc.assert(
    fc.property(anything, (each) => {
      const reading = parseGameplan(each, today)
      if (!reading.ok) return reading.why.length > 0
      const { max_daily_loss_pct: loss, max_single_position: units } = reading.gameplan.hard_limits
      return loss > 0 && loss <= 1 && units > 0 && Number.isFinite(units)
    }),
    { numRuns: 500 },
  )
})
