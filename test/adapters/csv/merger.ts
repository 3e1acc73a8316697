// A process that merges one bar after the other until it is killed: `node merger.js DIR`, printing what is on disk.
import { createBarFiles } from '../../../src/adapters/csv/bar-files.ts'
import { readProcesses } from '../../../src/adapters/embedded/processes.ts'
import { systemClock } from '../../../src/adapters/system-clock.ts'
import { bar, barsFrom } from '../../contracts/bar-files.ts'
import { quiet } from './subject.ts'

const [dir = '', first = '0', big = ''] = process.argv.slice(2)
const files = createBarFiles({ dir, log: quiet, clock: systemClock(), processes: readProcesses() })
const name = { symbol: 'AAPL', timeframe: '1m' } as const
try {
  if (big !== '') await files.merge(name, barsFrom(0, Number(big)))
  else
    for (let minute = Number(first); ; minute++) {
      await files.merge(name, [bar(minute)])
      process.stdout.write(`${minute}\n`)
    }
} catch (error) {
  process.stdout.write(`${(error as { code?: string }).code} ${(error as Error).message}\n`)
}
await files.close()
