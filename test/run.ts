// `npm test`: runs every compiled test (or those named) under tap, with honest coverage, and ends with one line that counts.
// `--without-integration` leaves out what needs more than Node, `--part 2/3` takes each third file: both are for a look on another line of Node, and count no coverage.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

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

/** By their sources: what a build of another day has left in dist is no test any more. */
function everyTest(): string[] {
  const below = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  return below
    .filter((file) => file.endsWith('.test.ts'))
    .sort()
    .map((file) => join('dist/test', file.replace(/\.ts$/, '.js')))
}

/** tap's own totals: `# { total: 5, pass: 4, fail: 1, skip: 1 }`. */
function totals(tapOutput: string): { pass: number; fail: number; skip: number } {
  const summary = [...tapOutput.matchAll(/^# \{(.*)\}$/gm)].at(-1)?.[1] ?? ''
  const count = (name: string) => Number(new RegExp(`\\b${name}: (\\d+)`).exec(summary)?.[1] ?? 0)
  return { pass: count('pass'), fail: count('fail'), skip: count('skip') }
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'without-integration': { type: 'boolean', default: false },
    part: { type: 'string', default: '1/1' },
    jobs: { type: 'string', default: '2' },
  },
})
const [, part, parts] = /^([1-9]\d*)\/([1-9]\d*)$/.exec(options.part) ?? []
if (!part || !parts || Number(part) > Number(parts)) {
  console.error(`--part takes a part of all, such as 1/3, and not ${options.part}.`)
  process.exit(2)
}
if (options['without-integration']) process.env.WITHOUT_INTEGRATION = 'true'

buildTapOnce()
const named = positionals.map((file) => file.replace(/\.ts$/, '.js').replace(/^(dist\/)?/, 'dist/'))
const missing = named.filter((file) => !existsSync(join(root, file)))
if (missing.length > 0) {
  console.error(`There is no such test: ${missing.join(', ')}.`)
  process.exit(2)
}
const isWhole = named.length === 0 && parts === '1' && !options['without-integration']
const files =
  named.length > 0 ? named : everyTest().filter((_, index) => index % Number(parts) === Number(part) - 1)
const folder = mkdtempSync(join(tmpdir(), 'ibgm-test-'))
const output = join(folder, 'out.tap')
const coverage = isWhole
  ? ['--allow-incomplete-coverage', '--coverage-report=json-summary']
  : ['--disable-coverage']
const status = run([
  ...coverage,
  `--output-file=${output}`,
  '--reporter=terse',
  `--jobs=${options.jobs}`,
  ...files,
])
const tapOutput = readFileSync(output, 'utf8')
rmSync(folder, { recursive: true })
const { pass, fail, skip } = totals(tapOutput)
for (const reason of new Set([...tapOutput.matchAll(/# SKIP (.+)$/gm)].map((match) => match[1])))
  console.log(`skipped: ${reason}`)
// The reporter draws for terminals alone.
if (!process.stdout.isTTY)
  for (const [block] of tapOutput.matchAll(/^( *)not ok .*(\n\1 {2}---\n[\s\S]*?\n\1 {2}\.\.\.)?$/gm))
    console.log(block)

let lines = Number.POSITIVE_INFINITY
if (isWhole) {
  const summary = JSON.parse(readFileSync(join(root, '.tap', 'report', 'coverage-summary.json'), 'utf8'))
  lines = summary.total.lines.pct
  console.log(`line coverage ${lines} % (at least ${leastLinesCovered} %)`)
}
// A file that crashed before its first assertion fails without counting one.
const failed = status !== 0 && fail === 0 ? 1 : fail
console.log(`${pass} passed, ${failed} failed, ${skip} skipped`)
process.exitCode = failed > 0 || lines < leastLinesCovered ? 1 : 0
