// `npm run simulate -- --hours 1000 --seed 7 --followers 50`: fleets under trouble on a clock of our own. Exit code 1 when a promise was broken.
import { parseArgs } from 'node:util'
import { chosenOf } from './choice.ts'
import type { Happening } from './happenings.ts'
import { add, failureText, noTotals, shrunkText, totalsText } from './report.ts'
import { shrink } from './shrink.ts'
import { type SimulationOptions, simulate } from './simulate.ts'

const tellEveryMs = 5_000

const { values } = parseArgs({
  options: {
    /** Of each seed. */
    hours: { type: 'string', default: '24' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    followers: { type: 'string', default: '20' },
    /** Goes on with the next seed, and the next, until so many seconds are over. */
    seconds: { type: 'string', default: '0' },
    /** Some of the happenings only, as a failure names them. */
    only: { type: 'string' },
    /** Longest time to look for a smaller case. */
    'shrink-seconds': { type: 'string', default: '60' },
  },
})
const [hours, firstSeed, followers, seconds, shrinkSeconds] = [
  values.hours,
  values.seed,
  values.followers,
  values.seconds,
  values['shrink-seconds'],
].map(Number) as [number, number, number, number, number]
if (!(hours > 0) || !Number.isInteger(firstSeed) || !Number.isInteger(followers) || followers < 1) {
  console.error('--hours takes a number above 0, --seed a whole number, --followers a whole number above 0.')
  process.exit(2)
}

const totals = noTotals()
const startedAtMs = performance.now()
const cpuAtStart = process.cpuUsage()
let failed = false
for (let seed = firstSeed; !failed; seed++) {
  failed = !(await run(seed))
  if (performance.now() - startedAtMs > seconds * 1_000) break
}
const { user, system } = process.cpuUsage(cpuAtStart)
totals.seconds = (user + system) / 1e6
console.log(totalsText(totals, followers))
console.log(failed ? 'A promise was broken.' : 'Every promise was kept.')
process.exitCode = failed ? 1 : 0

/** True when every promise was kept. */
async function run(seed: number): Promise<boolean> {
  const { only } = values
  const options: SimulationOptions = {
    seed,
    hours,
    followers,
    onProgress: progressOf(seed),
    ...(only !== undefined && { choose: (all: readonly Happening[]) => chosenOf(all, only) }),
  }
  const report = await simulate(options)
  add(totals, report)
  if (report.violations.length === 0) {
    console.log(
      `seed ${seed}: ${report.hours.toFixed(1)} h, ${report.traceLines} things happened, ${report.hash}`,
    )
    return true
  }
  console.log(failureText(report))
  if (only !== undefined) return false
  console.log(`Looking for a smaller case, for ${shrinkSeconds} s at most.`)
  const shrunk = await shrink(options, report, shrinkSeconds)
  console.log(failureText(shrunk.report))
  console.log(shrunkText(report, shrunk, hours))
  return false
}

function progressOf(seed: number): (hoursDone: number) => void {
  let toldAtMs = performance.now()
  return (done) => {
    if (performance.now() - toldAtMs < tellEveryMs) return
    toldAtMs = performance.now()
    console.log(`seed ${seed}: ${done.toFixed(1)} of ${hours} h`)
  }
}
