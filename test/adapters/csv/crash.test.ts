// Processes that are killed while they write, and folders that cannot be written: what was there is there.
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { SeriesName } from '../../../src/ports/market-data.ts'
import { bar, barsFrom, barsOf } from '../../contracts/bar-files.ts'
import { barsFolder } from './subject.ts'

const merger = fileURLToPath(new URL('merger.js', import.meta.url))
const apple: SeriesName = { symbol: 'AAPL', timeframe: '1m' }

/** A shell's command that becomes the merger, without what the test runner adds to processes: that dies of a limit on files. */
function command(dir: string, args: string, before = 'true', under = ''): [string, string[]] {
  return [
    'sh',
    ['-c', `${before}; unset NODE_OPTIONS; exec ${under} "${process.execPath}" "${merger}" "${dir}" ${args}`],
  ]
}

/** Makes permissions hold for root, too. */
const permitted = process.getuid?.() === 0 ? 'setpriv --bounding-set=-dac_override,-dac_read_search' : ''

t.test(
  'a process killed at random moments leaves a file that can be read, with all it had told',
  async (t) => {
    const { dir, open, pathOf } = barsFolder(t)
    const rounds = 6
    let next = 0
    for (let round = 0; round < rounds; round++) {
      const child = spawn(...command(dir, String(next)), { stdio: ['ignore', 'pipe', 'inherit'] })
      t.teardown(() => child.kill('SIGKILL'))
      const killAt = next + 2 + round * 3
      for await (const line of createInterface({ input: child.stdout })) {
        next = Number(line) + 1
        // Somewhere within one of the next merges.
        if (Number(line) === killAt) setTimeout(() => child.kill('SIGKILL'), (round * 7) % 5)
      }
      const found = await barsOf(open(), apple)
      t.ok(found.length === next || found.length === next + 1, `${next} were told, ${found.length} are there`)
      t.strictSame(found, barsFrom(0, found.length))
    }
    const startedMs = performance.now()
    await open().merge(apple, [bar(next + 10)])
    t.ok(performance.now() - startedMs < 9_000, 'a dead holder keeps nobody waiting')
    t.strictSame(readdirSync(dirname(pathOf(apple))), ['1m.csv'], 'what it left is cleared away')
  },
)

t.test(
  'two processes that write one file at once lose nothing, and stay out of each other’s way',
  async (t) => {
    const { dir, open } = barsFolder(t)
    const told = await Promise.all(
      [0, 5_000].map(async (first) => {
        const child = spawn(...command(dir, String(first)), { stdio: ['ignore', 'pipe', 'inherit'] })
        t.teardown(() => child.kill('SIGKILL'))
        const lines: string[] = []
        for await (const line of createInterface({ input: child.stdout })) {
          lines.push(line)
          if (lines.length === 15) child.kill('SIGKILL')
        }
        return lines.map(Number)
      }),
    )
    t.ok(told.every((minutes) => minutes.length >= 15))
    const found = new Set((await barsOf(open(), apple)).map(({ timeMs }) => timeMs))
    t.strictSame(
      told.flat().filter((minute) => !found.has(bar(minute).timeMs)),
      [],
    )
  },
)

t.test('a disk that fills up leaves the old file and nothing else', async (t) => {
  const { dir, open, pathOf, textOf } = barsFolder(t)
  await open().merge(apple, barsFrom(0, 10))
  const before = textOf(apple)
  // The limit on the size of files ends writing as a full disk does. In blocks of 512 bytes or of 1 KiB, as the shell likes.
  const { stdout } = spawnSync(...command(dir, '0 5000', 'ulimit -f 64'), { encoding: 'utf8' })
  t.match(stdout, /^BARS_DIR_UNUSABLE BARS_DIR: .* cannot be used: a file may not grow that far \(EFBIG\)/)
  t.equal(textOf(apple), before)
  t.strictSame(readdirSync(dirname(pathOf(apple))), ['1m.csv'])
})

t.test('a folder that cannot be used says what to do', async (t) => {
  const { dir, open, pathOf } = barsFolder(t, 'file')
  writeFileSync(dir, '')
  const files = open()
  const unusable = {
    code: 'BARS_DIR_UNUSABLE',
    message: /not a folder .*set BARS_DIR/,
  }
  await t.rejects(files.list(), unusable)
  await t.rejects(files.has(apple), unusable)
  await t.rejects(files.coverage(apple, 0), unusable)
  await t.rejects(barsOf(files, apple), unusable)
  await t.rejects(files.merge(apple, [bar(0)]), unusable)
  t.equal(readFileSync(dir, 'utf8'), '')
  t.ok(pathOf(apple).startsWith(dir))
})

t.test('a folder where a file should be, and a symbol too long for a name', async (t) => {
  const { open, pathOf } = barsFolder(t)
  mkdirSync(pathOf(apple), { recursive: true })
  const files = open()
  await t.rejects(files.coverage(apple, 0), { code: 'BARS_DIR_UNUSABLE', message: /1m\.csv .*not a file/ })
  await t.rejects(files.merge(apple, [bar(0)]), { code: 'BARS_DIR_UNUSABLE', message: /not a file/ })
  const long: SeriesName = { symbol: '日'.repeat(64), timeframe: '1m' }
  t.equal(await files.has(long), false)
  t.strictSame(await files.coverage(long, 0), { runs: [], bars: 0 })
  await t.rejects(files.merge(long, [bar(0)]), { code: 'BARS_DIR_UNUSABLE', message: /too long/ })
})

t.test('without permission nothing is touched', async (t) => {
  const { dir, open, pathOf, textOf } = barsFolder(t)
  await open().merge(apple, barsFrom(0, 3))
  const before = textOf(apple)
  const folder = dirname(pathOf(apple))
  chmodSync(folder, 0o555)
  const { stdout } = spawnSync(...command(dir, '5', 'true', permitted), { encoding: 'utf8' })
  chmodSync(folder, 0o755)
  t.match(stdout, /^BARS_DIR_UNUSABLE .*may not read and write there/)
  t.equal(textOf(apple), before)
})
