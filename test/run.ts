// `npm test`: runs every compiled test (or those named) under tap, with honest coverage, and ends with one line that counts.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const leastLinesCovered = 80
const root = join(import.meta.dirname, '..', '..')
const tap = createRequire(import.meta.url)
  .resolve('tap/package.json')
  .replace(/package\.json$/, 'dist/esm/run.mjs')

/** tap builds its own class from the plugins in .taprc, once; the mark lies beside it, so that a fresh install takes it away. */
function buildTapOnce(): void {
  const mark = join(root, 'node_modules/@tapjs/test/test-built', 'built-from-taprc')
  if (existsSync(mark)) return
  run(['build'], 'ignore')
  writeFileSync(mark, '')
}

function run(args: string[], stdio: 'inherit' | 'ignore' = 'inherit'): number {
  return (
    spawnSync(process.execPath, [tap, ...args], {
      cwd: root,
      stdio,
      env: { ...process.env, npm_config_loglevel: 'error' },
    }).status ?? 1
  )
}

function everyTest(): string[] {
  const below = readdirSync(join(root, 'dist/test'), { recursive: true, encoding: 'utf8' })
  return below.filter((file) => file.endsWith('.test.js')).map((file) => join('dist/test', file))
}

/** tap's own totals: `# { total: 5, pass: 4, fail: 1, skip: 1 }`. */
function totals(tapOutput: string): { pass: number; fail: number; skip: number } {
  const summary = [...tapOutput.matchAll(/^# \{(.*)\}$/gm)].at(-1)?.[1] ?? ''
  const count = (name: string) => Number(new RegExp(`\\b${name}: (\\d+)`).exec(summary)?.[1] ?? 0)
  return { pass: count('pass'), fail: count('fail'), skip: count('skip') }
}

buildTapOnce()
const named = process.argv.slice(2).map((file) => file.replace(/\.ts$/, '.js').replace(/^(dist\/)?/, 'dist/'))
const files = named.length > 0 ? named : everyTest()
const output = join(mkdtempSync(join(tmpdir(), 'ibgm-test-')), 'out.tap')
const coverage =
  named.length > 0
    ? ['--disable-coverage']
    : ['--allow-incomplete-coverage', '--coverage-report=json-summary']
const status = run([...coverage, `--output-file=${output}`, '--reporter=terse', '--jobs=2', ...files])
const tapOutput = readFileSync(output, 'utf8')
const { pass, fail, skip } = totals(tapOutput)
for (const reason of new Set([...tapOutput.matchAll(/# SKIP (.+)$/gm)].map((match) => match[1])))
  console.log(`skipped: ${reason}`)
// The reporter draws for terminals alone.
if (!process.stdout.isTTY)
  for (const [block] of tapOutput.matchAll(/^( *)not ok .*(\n\1 {2}---\n[\s\S]*?\n\1 {2}\.\.\.)?$/gm))
    console.log(block)

let lines = Number.POSITIVE_INFINITY
if (named.length === 0) {
  const summary = JSON.parse(readFileSync(join(root, '.tap', 'report', 'coverage-summary.json'), 'utf8'))
  lines = summary.total.lines.pct
  console.log(`line coverage ${lines} % (at least ${leastLinesCovered} %)`)
}
// A file that crashed before its first assertion fails without counting one.
const failed = status !== 0 && fail === 0 ? 1 : fail
console.log(`${pass} passed, ${failed} failed, ${skip} skipped`)
process.exitCode = failed > 0 || lines < leastLinesCovered ? 1 : 0
