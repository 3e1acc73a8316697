// Numbers, times and names as text: there and back without loss.
import fc from 'fast-check'
import t from 'tap'
import { folderOf, placesOf, seriesOf, symbolOf } from '../../../src/adapters/csv/names.ts'
import { numberIn, numberText, timeReader, timeText } from '../../../src/adapters/csv/values.ts'

t.test('numbers read back as they were written, and never with an exponent', async (t) => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const text = numberText(value)
      return numberIn(text) === value && /^-?\d+(\.\d+)?$/.test(text)
    }),
  )
  t.equal(numberText(-0), '0')
  t.equal(numberText(1.5e-7), '0.00000015')
})

t.test('what is written plainly is read as by Number()', async () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat({ max: 99_999_999 }), fc.nat({ max: 9 }), (whole, fraction, digits) => {
      const text = `${whole}.${String(fraction).slice(0, digits)}`
      return numberIn(text) === Number(text)
    }),
  )
})

t.test('what is no number is none', async (t) => {
  const wrong = [
    '',
    ' ',
    ' 1',
    '1 ',
    '0x10',
    'NaN',
    'Infinity',
    '-',
    '.',
    '1.2.3',
    '1e',
    '1e999',
    '1,5',
    '١',
    '--1',
    '1_000',
  ]
  for (const text of wrong) t.ok(Number.isNaN(numberIn(text)), JSON.stringify(text))
})

t.test('times', async (t) => {
  const minutes = fc.integer({
    min: Date.parse('0000-01-01') / 60_000,
    max: Date.parse('9999-12-31') / 60_000,
  })
  const [isoMs, epochMs] = [timeReader(false), timeReader(true)]
  fc.assert(
    fc.property(
      minutes,
      (minute) =>
        isoMs(timeText(minute * 60_000, false)) === minute * 60_000 &&
        epochMs(timeText(minute * 60_000, true)) === minute * 60_000,
    ),
  )
  for (const text of [
    '2026-02-30T00:00:00Z',
    '2026-11-20T24:00:00Z',
    '2026-11-20T14:30:00+00:00',
    '2026-11-20 14:30:00Z',
    '2026-11-20T14:30:00',
    '1795185000',
  ])
    t.ok(Number.isNaN(isoMs(text)), text)
  for (const text of ['1795185000000', '1795185000.5', '', '2026-11-20T14:30:00Z'])
    t.ok(Number.isNaN(epochMs(text)), text)
})

t.test('a symbol makes a folder that stays where it belongs, and comes back from it', async (t) => {
  const symbols = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(symbols, (symbol) => {
      const folder = folderOf(symbol)
      return symbolOf(folder) === symbol && /^(?!\.)[A-Za-z0-9._%-]+$/.test(folder)
    }),
  )
  t.equal(folderOf('BRK B'), 'BRK%20B')
  t.equal(folderOf('.'), '%2E')
  t.equal(folderOf('..'), '%2E.')
  t.equal(folderOf('../x'), '%2E.%2Fx')
  t.equal(folderOf('é%'), '%C3%A9%25')
  t.throws(() => folderOf(''), { code: 'INVALID_REQUEST' })
  t.throws(() => folderOf('\ud800'), { code: 'INVALID_REQUEST' })
})

t.test('only what such a folder is called is a symbol', async (t) => {
  for (const folder of ['', '.', '..', '.x', 'BRK B', '%2e', '%41', '%', '%C3', '%ED%A0%80', 'a/b', 'é'])
    t.equal(symbolOf(folder), null, JSON.stringify(folder))
})

t.test('places of files, and what they mean', async (t) => {
  const name = { symbol: 'X_1m', timeframe: '5m' } as const
  t.strictSame(placesOf(name), ['X_1m/5m.csv', 'X_1m/5m.csv.gz', 'X_1m_5m.csv', 'X_1m_5m.csv.gz'])
  for (const place of placesOf(name)) {
    const [file = '', folder] = place.split('/').toReversed()
    t.strictSame(seriesOf(file, folder), name, place)
  }
  for (const [file, folder] of [
    ['5m.csv'],
    ['X_5m.csv', 'X'],
    ['5m.csv.bak', 'X'],
    ['2m.csv', 'X'],
    ['1m.csv', '%00'],
  ])
    t.equal(seriesOf(file ?? '', folder), null, `${folder}/${file}`)
})
