// `npm run bot:drill -- --sequences 10000 --seed 1`: the drill of the order gate in several processes; exit code 1 when an order got through.
import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { runDrill } from './drill.ts'
import { addReports, type DrillReport } from './report.ts'

const { values } = parseArgs({
  options: {
    sequences: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    processes: { type: 'string', default: String(Math.min(4, availableParallelism())) },
  },
})
const [sequences, seed, processes] = [values.sequences, values.seed, values.processes].map(Number) as [
  number,
  number,
  number,
]
if (
  ![sequences, processes].every((count) => Number.isInteger(count) && count > 0) ||
  !Number.isInteger(seed)
) {
  console.error('--sequences and --processes take whole numbers above 0, --seed a whole number.')
  process.exit(2)
}

if (process.send) {
  process.send(await runDrill({ sequences, seed }))
  process.disconnect()
} else {
  const startedAtMs = performance.now()
  const count = Math.min(processes, sequences)
  const shares = Array.from({ length: count }, (_, index) => Math.floor((sequences + index) / count))
  const parts = await Promise.all(shares.map((share, index) => inProcess(share, seed * 100 + index)))
  const report = addReports(parts)
  print(report, (performance.now() - startedAtMs) / 1_000)
  process.exitCode = report.violations.length > 0 || report.sequences < sequences ? 1 : 0
}

/** Rejects when the process ends without a report; what went wrong is on its stderr. */
function inProcess(share: number, partSeed: number): Promise<DrillReport> {
  return new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, ['--sequences', String(share), '--seed', String(partSeed)])
    child.on('message', (report) => resolve(report as DrillReport))
    child.on('exit', (code) => reject(new Error(`a process of the drill ended with ${code}`)))
  })
}

function print({ violations, disturbances, ...counts }: DrillReport, seconds: number): void {
  console.log(`sequences            ${counts.sequences} (seed ${seed})`)
  for (const [name, times] of Object.entries(disturbances)) console.log(`  ${name.padEnd(18)} ${times}`)
  console.log(`orders placed        ${counts.orders}`)
  console.log(
    `orders refused       ${counts.refused}, ${counts.triedWhileClosed} tried while the gate was closed`,
  )
  console.log(`marks                ${counts.marks}`)
  console.log(`violations           ${violations.length}`)
  for (const violation of violations.slice(0, 20)) console.log(`  ${JSON.stringify(violation)}`)
  console.log(`seconds              ${seconds.toFixed(1)}`)
}
