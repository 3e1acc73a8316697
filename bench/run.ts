// `npm run bench [-- NAME…] [-- --short] [-- --write]`: runs the measurements and holds them against their limits.
import { parseArgs } from 'node:util'
import { Bench, NotHere } from './bench.ts'
import { loadNow, writeReport } from './report.ts'
import { type BenchRow, table } from './row.ts'

interface Measurement {
  readonly about: string
  readonly load: () => Promise<{ run(bench: Bench): Promise<BenchRow[]> }>
}

const measurements: Record<string, Measurement> = {
  'connect-times': {
    about: 'a session comes up, comes back and ends',
    load: () => import('./connect-times.ts'),
  },
  'ib-async': {
    about: 'a connection and a request, against ib_async (Python)',
    load: () => import('./ib-async.ts'),
  },
  sessions: {
    about: 'what 1,000 quiet sessions cost',
    load: () => import('./sessions.ts'),
  },
  'mute-gateway': {
    about: 'a mute gateway is noticed, and its neighbours are not delayed',
    load: () => import('./mute-gateway.ts'),
  },
  'records-reload': {
    about: '5,000 records in MongoDB are read again (needs .ci/services/build.sh mongo)',
    load: () => import('./records-reload.ts'),
  },
  forwarder: {
    about: 'the port forwarder, against socat (which must be installed)',
    load: () => import('./forwarder.ts'),
  },
  'http-health': {
    about: 'GET health with 1,000 followers, against a bare Fastify route',
    load: () => import('./http-health.ts'),
  },
  metrics: {
    about: 'GET /metrics with 1,000 gateways',
    load: () => import('./metrics.ts'),
  },
  'fleet-load': {
    about: 'what a manager of 2,000 gateways costs, quiet and asked',
    load: () => import('./fleet-load.ts'),
  },
  'event-stream': {
    about: 'what 200 clients of the live stream cost',
    load: () => import('./event-stream.ts'),
  },
  'fleet-launch': {
    about: '20 gateways launched, against bare dockerode (Docker)',
    load: () => import('./fleet-launch.ts'),
  },
  'kill-noticed': {
    about: 'a container killed from outside is noticed (Docker)',
    load: () => import('./kill-noticed.ts'),
  },
  'manager-crash': {
    about: 'the manager is killed and comes back to 20 gateways (Docker)',
    load: () => import('./manager-crash.ts'),
  },
  'gap-fill': {
    about: "how much of IB's limits the gap filler makes use of, without breaking one",
    load: () => import('./gap-fill.ts'),
  },
  dashboard: {
    about: 'the dashboard with 1,000 gateways, and how soon a change is on screen (needs Chromium)',
    load: () => import('./dashboard.ts'),
  },
  'bar-scan': {
    about: '1,000 series of bars on disk are read for what is missing',
    load: () => import('./bar-scan.ts'),
  },
}

const { values: flags, positionals } = commandLine()
const unknown = positionals.filter((name) => !(name in measurements))
if (flags.list || unknown.length > 0) {
  if (unknown.length > 0) console.error(`No such measurement: ${unknown.join(', ')}. There are:`)
  for (const [name, { about }] of Object.entries(measurements)) console.log(`${name.padEnd(15)} ${about}`)
  process.exit(unknown.length > 0 ? 2 : 0)
}

const loadBefore = loadNow()
const remarks: string[] = []
const say = (line: string) => {
  remarks.push(line)
  console.error(line)
}
const interrupt = new AbortController()
const interrupted = new Promise<never>((_, reject) => {
  interrupt.signal.addEventListener('abort', () => reject(new Error('interrupted')))
})
interrupted.catch(() => {})
// A second signal ends the process at once.
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupt.abort())

const bench = new Bench({
  short: flags.short ?? false,
  say: (line) => say(`  ${line}`),
  signal: interrupt.signal,
})
const rows: BenchRow[] = []
let broken = false
for (const name of positionals.length > 0 ? positionals : Object.keys(measurements)) {
  say(name)
  try {
    const measured = measurements[name]?.load().then(({ run }) => run(bench))
    const found = (await Promise.race([measured, interrupted])) ?? []
    rows.push(...found.map((row) => ({ ...row, name: `${name}: ${row.name}` })))
  } catch (err) {
    if (err instanceof NotHere) say(`  skipped: ${err.message}`)
    else {
      broken = true
      if (interrupt.signal.aborted) say('interrupted; clearing away')
      else console.error(`${name} could not be measured:`, err)
    }
  }
  await bench.end()
  if (interrupt.signal.aborted) process.exit(130)
}
if (flags.short) {
  for (const { name, value, unit } of rows)
    console.log(`${name}: ${Number(value.toPrecision(3))} ${unit} (short run, not judged)`)
} else if (rows.length > 0) console.log(table(rows))
if (flags.write && !flags.short && !broken) {
  const command = ['npm run bench --', ...positionals, '--write'].join(' ')
  await writeReport({ rows, remarks, command, loadBefore })
}
process.exitCode = broken || (!flags.short && rows.some(({ pass }) => !pass)) ? 1 : 0

function commandLine() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { short: { type: 'boolean' }, write: { type: 'boolean' }, list: { type: 'boolean' } },
    })
  } catch (error) {
    console.error(`${(error as Error).message}\nusage: npm run bench -- [NAME…] [--short] [--write] [--list]`)
    return process.exit(2)
  }
}
