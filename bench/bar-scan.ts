// 1,000 series of one-minute bars on disk: how long it takes to know what is missing, for the first time and again.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ScanCosts, ScanTask } from './bar-scan-process.ts'
import type { Bench } from './bench.ts'
import { atMost, type BenchRow } from './row.ts'

const days = 30
const barsADay = 400
const dayMs = 86_400_000
const firstDayMs = Date.UTC(2026, 0, 1, 14, 30)
/** Files of the same text count as different ones, but their prices should not be the same all over. */
const texts = 20

export async function run(bench: Bench): Promise<BenchRow[]> {
  const series = bench.short ? 20 : 1_000
  const dir = await mkdtemp(join(tmpdir(), 'ibgm-bars-'))
  bench.defer(() => rm(dir, { recursive: true }))
  const bytes = await plant(dir, series)
  bench.say(`${series} files, ${series * days * barsADay} bars, ${Math.round(bytes / 1e6)} MB`)

  const child = fork(fileURLToPath(new URL('bar-scan-process.js', import.meta.url)))
  bench.defer(() => void child.kill('SIGKILL'))
  const task: ScanTask = { dir, sinceMs: firstDayMs - dayMs, bars: series * days * barsADay }
  child.send(task)
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('the scanning process has ended')))
  const [costs] = (await Promise.race([once(child, 'message'), ended])) as [ScanCosts]

  bench.say(
    `first scan: ${Math.round(task.bars / costs.firstMs)},000 bars/s; a day merged into one file: ${costs.mergeMs.toFixed(1)} ms`,
  )
  return [
    atMost(`first scan of ${series} series, ${days} days of 1m bars each`, costs.firstMs / 1000, 's', 20),
    atMost('scan again, nothing changed', costs.againMs / 1000, 's', 1),
    atMost('memory (peak RSS) of the process', costs.peakMb, 'MB', 500),
    atMost('event-loop delay during the first scan, p99', costs.loopP99Ms, 'ms', 50),
  ]
}

/** Size of all files. */
async function plant(dir: string, series: number): Promise<number> {
  const bodies = Array.from({ length: texts }, (_, index) => fileText(100 + index * 17))
  let bytes = 0
  for (let index = 0; index < series; index++) {
    const body = bodies[index % texts] ?? ''
    await writeFile(join(dir, `S${String(index).padStart(4, '0')}_1m.csv`), body)
    bytes += body.length
  }
  return bytes
}

/** Prices that wander; always the same ones. */
function fileText(startPrice: number): string {
  const lines = ['timestamp,open,high,low,close,volume']
  let [price, seed] = [startPrice, startPrice]
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return seed / 2 ** 31
  }
  for (let day = 0; day < days; day++)
    for (let minute = 0; minute < barsADay; minute++) {
      const time = new Date(firstDayMs + day * dayMs + minute * 60_000).toISOString().replace('.000', '')
      const close = price + random() - 0.5
      const [high, low] = [Math.max(price, close) + random() / 10, Math.min(price, close) - random() / 10]
      const prices = [price, high, low, close].map((value) => value.toFixed(2)).join(',')
      lines.push(`${time},${prices},${Math.floor(random() * 50_000)}`)
      price = Number(close.toFixed(2))
    }
  return `${lines.join('\n')}\n`
}
