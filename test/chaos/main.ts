// `npm run chaos -- --gateways 20 --minutes 3 --seed N --faults kill,pause`: a real fleet under faults; exit code 1 when a promise was broken.
import { writeFileSync } from 'node:fs'
import { Aftermath } from './aftermath.ts'
import { type Corner, enterCorner } from './corner.ts'
import { faults } from './faults.ts'
import { report } from './report.ts'
import { type ChaosSettings, chaosSettings, usage } from './settings.ts'
import { Storm } from './storm.ts'
import { Watch } from './watch.ts'
import { type ChaosWorld, makeWorld } from './world.ts'

const settings = readSettings()
const corner = await enterCorner()
process.exitCode = typeof corner === 'number' ? corner : await chaos(corner, settings)

function readSettings(): ChaosSettings {
  try {
    const read = chaosSettings(process.argv.slice(2), process.env)
    const unknown = read.faults?.find((name) => !(name in faults))
    if (unknown !== undefined) throw new Error(`--faults takes ${Object.keys(faults).join(', ')}`)
    return read
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`)
    process.exit(2)
  }
}

async function chaos(corner: Corner, settings: ChaosSettings): Promise<number> {
  console.log(`seed ${settings.seed}: ${settings.gateways} gateways, records in ${settings.store}`)
  if (corner.lacks !== undefined) console.log(`no corner of its own on this machine: ${corner.lacks}`)
  const world = await makeWorld(corner, settings)
  const over = new AbortController()
  let looking: Promise<void> = Promise.resolve()
  try {
    const watch = new Watch(world)
    const aftermath = new Aftermath(world, watch)
    const { tried, skipped } = choose(world, settings)
    await launchAll(world)
    await aftermath.settle()
    console.log(`all are up after ${(aftermath.settledMs / 1_000).toFixed(1)} s`)
    await watch.look()
    looking = watch.goOn(over.signal)
    const startedAtMs = performance.now()
    await new Storm(world, watch, settings).rage(tried)
    const stormMs = performance.now() - startedAtMs
    console.log('faults are over')
    await aftermath.settle()
    const answering = await aftermath.probe()
    console.log(`${answering} answer; now the end`)
    over.abort()
    await looking
    await aftermath.audit()
    await aftermath.end()
    const { recoveries, violations, looks, managerPeakBytes } = watch
    recoveries.close()
    const { times, done, unfelt } = recoveries
    const { locked, settledMs } = aftermath
    const { gateways, seed } = settings
    const seen = { times, recovered: done, unfelt, skipped, violations, locked, looks, settledMs, answering }
    console.log(`\n${report({ ...seen, gateways, seed, stormMs, managerPeakBytes })}`)
    return violations.size > 0 ? 1 : 0
  } finally {
    over.abort()
    await looking
    if (settings.log !== undefined) writeFileSync(settings.log, world.manager.output)
    await world.close()
  }
}

function choose(
  world: ChaosWorld,
  settings: ChaosSettings,
): { tried: string[]; skipped: Map<string, string> } {
  const tried: string[] = []
  const skipped = new Map<string, string>()
  for (const name of settings.faults ?? Object.keys(faults)) {
    const lacks = faults[name]?.lacks?.(world)
    if (lacks === undefined) tried.push(name)
    else skipped.set(name, lacks)
  }
  return { tried, skipped }
}

async function launchAll({ manager, followerIds, twinId }: ChaosWorld): Promise<void> {
  for (const id of [...followerIds, twinId])
    await manager.must('PATCH', `/followers/${id}`, { enabled: true })
}
