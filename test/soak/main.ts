// `npm run soak [-- --hours 48 --cycles 500 --followers 20 --seed 1]`: does anything grow? Exit code 1 when it does.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { growth } from './heap.ts'
import { type AtRest, soakCycles } from './launch-cycles.ts'
import { soakFleet } from './simulated-fleet.ts'

const { values: flags } = parseArgs({
  options: {
    hours: { type: 'string', default: '48' },
    cycles: { type: 'string', default: '500' },
    followers: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
  },
})
/** Of the heap, for each follower: in an hour, and in a cycle. A year at that pace is 9 MB, ten thousand launches are 10 MB. */
const mostAnHour = 1_024
const mostACycle = 1_024
const cyclesFollowers = 5
/** In less, the code that Node makes of ours as it is used grows more than anything else: shorter runs show that the soak works. */
const [leastHours, leastCycles] = [24, 150]

const faults: string[] = []
const [hours, cycles, followers, seed] = [flags.hours, flags.cycles, flags.followers, flags.seed].map(
  Number,
) as [number, number, number, number]
const mb = (bytes: number) => `${(bytes / 2 ** 20).toFixed(2)} MB`
const kb = (bytes: number) => `${(bytes / 1024).toFixed(2)} KB`

if (hours > 0) {
  console.log(`${hours} h of ${followers} followers in one manager, seed ${seed}`)
  const soak = await soakFleet({
    ...{ hours, followers, seed },
    onHour: (hour, bytes) => hour % 6 === 0 && console.log(`  hour ${hour}: ${mb(bytes)}`),
  })
  const anHour = growth(soak.heap) / followers
  console.log(
    `${soak.troubles} troubles, ${soak.logins} logins, the heap grows by ${kb(anHour)} per follower and hour (at most ${kb(mostAnHour)}; judged from ${leastHours} h on)`,
  )
  if (anHour > mostAnHour && hours >= leastHours) faults.push('the heap of the simulated fleet grows')
  for (const username of soak.down) faults.push(`${username} is not RUNNING after an hour without trouble`)
}

if (cycles > 0) {
  const dataDir = mkdtempSync(join(tmpdir(), 'ibgm-soak-'))
  process.on('exit', () => rmSync(dataDir, { recursive: true, force: true }))
  console.log(`${cycles} times ${cyclesFollowers} gateways launched and stopped over real sockets`)
  const every = Math.max(1, Math.floor(cycles / 20))
  const told = ({ heap, descriptors, listeners, resources }: AtRest) =>
    `${mb(heap)}, ${descriptors} descriptors, ${listeners} listeners, ${JSON.stringify(resources)}`
  const soak = await soakCycles({
    ...{ cycles, dataDir, every, followers: cyclesFollowers, warmUp: 10, pastEvents: 5_500 },
    ports: { from: 29_000, to: 29_199 },
    onRest: (cycle, atRest) => console.log(`  cycle ${cycle}: ${told(atRest)}`),
  })
  const aCycle = growth(soak.atRest.map(({ heap }) => heap)) / every / cyclesFollowers
  console.log(
    `the heap grows by ${kb(aCycle)} per launch (at most ${kb(mostACycle)}; judged from ${leastCycles} rounds on)`,
  )
  if (aCycle > mostACycle && cycles >= leastCycles) faults.push('the heap grows with each launch')
  faults.push(...soak.grown.map((what) => `more than after the warm-up: ${what}`), ...soak.warnings)
}

for (const fault of faults) console.log(`FAIL ${fault}`)
console.log(faults.length === 0 ? 'nothing grows' : `${faults.length} failed`)
process.exit(faults.length === 0 ? 0 : 1)
