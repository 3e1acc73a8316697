// Arbitrary files where a gameplan should be: a gameplan for today, or a sentence that says why not; never an error.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { parseGameplan, readGameplan } from '../../src/bot/gameplan.ts'
import { runs } from '../fuzz/runs.ts'
import { testFolder } from '../test-folder.ts'

const today = '2026-11-20'
const plan = {
  date: today,
  strategy: 'C',
  symbols: ['AAPL'],
  hard_limits: { max_daily_loss_pct: 0.1, max_single_position: 100 },
}
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
const trick = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\ufeff]/

/** A sound plan with something else in one or two places. */
const nearly = fc
  .tuple(
    fc.array(fc.tuple(fc.constantFrom(...Object.keys(plan), '__proto__', 'toJSON', ''), fc.jsonValue()), {
      maxLength: 2,
    }),
    fc.array(fc.tuple(fc.constantFrom(...Object.keys(plan.hard_limits)), fc.jsonValue()), { maxLength: 1 }),
  )
  .map(([above, below]) =>
    JSON.stringify({
      ...plan,
      hard_limits: { ...plan.hard_limits, ...Object.fromEntries(below) },
      ...Object.fromEntries(above),
    }),
  )
const text = fc.oneof(
  nearly,
  fc.json({ maxDepth: 5 }),
  fc.string({ unit: 'binary' }),
  nearly.map((json) => json.slice(0, -7)),
)

t.test('any text is a gameplan for today or a sentence, on one line and not endless', async () => {
  fc.assert(
    fc.property(text, (json) => {
      const reading = parseGameplan(json, today)
      const words = reading.ok ? reading.warnings : [reading.why]
      const { date, hard_limits: limits } = reading.ok ? reading.gameplan : plan
      return (
        words.every((sentence) => sentence.length < 2_000 && !trick.test(sentence)) &&
        date === today &&
        limits.max_daily_loss_pct > 0 &&
        limits.max_daily_loss_pct <= 1 &&
        limits.max_single_position > 0
      )
    }),
    runs(1_000),
  )
})

t.test('any bytes in the file', async (t) => {
  const path = join(testFolder(t), 'gameplan.json')
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      writeFileSync(path, bytes)
      const reading = await readGameplan(path, today)
      return !reading.ok && reading.kind === 'malformed' && !trick.test(reading.why)
    }),
    runs(100),
  )
  mkdirSync(`${path}.d`)
  t.match(await readGameplan(`${path}.d`, today), { ok: false, kind: 'malformed' })
})

for (const [what, deep] of Object.entries({
  alone: '['.repeat(500_000) + ']'.repeat(500_000),
  'in a field that is not known': JSON.stringify({ ...plan, note: 0 }).replace(
    '"note":0',
    `"note":${'['.repeat(400_000)}${']'.repeat(400_000)}`,
  ),
  'in a field that is': JSON.stringify({ ...plan, symbols: 0 }).replace(
    '"symbols":0',
    `"symbols":${'['.repeat(400_000)}${']'.repeat(400_000)}`,
  ),
}))
  t.test(`brackets half a million deep, ${what}`, async (t) => {
    const reading = parseGameplan(deep, today)
    t.equal(reading.ok, what === 'in a field that is not known')
    if (reading.ok) t.strictSame(reading.gameplan, plan)
  })
