// docs/benchmarks.md: the figures of one run, with the machine and the load they were taken on.
import { readFile, writeFile } from 'node:fs/promises'
import { cpus, loadavg, totalmem } from 'node:os'
import Dockerode from 'dockerode'
import { engineAddress } from '../src/adapters/docker/engine.ts'
import type { BenchRow } from './row.ts'

const file = 'docs/benchmarks.md'
/** Only what stands between these two lines is written by `--write`, for each command anew; people write the rest. */
const openingOf = (command: string) => `<!-- figures: ${command} -->`
const closing = '<!-- /figures -->'
/** Before it comes the place of a command whose figures are not there yet. */
const afterFigures = '## What is measured, and how'

/** The load of the machine, to be taken before the run: afterwards it shows the run itself. */
export function loadNow(): string {
  return loadavg()
    .map((load) => load.toFixed(1))
    .join(' ')
}

export interface Report {
  readonly rows: readonly BenchRow[]
  /** What the measurements said beside their rows. */
  readonly remarks: readonly string[]
  readonly command: string
  readonly loadBefore: string
}

export async function writeReport(report: Report): Promise<void> {
  const opening = openingOf(report.command)
  const text = await readFile(file, 'utf8')
  const [before, rest] = text.includes(opening) ? text.split(opening) : text.split(afterFigures)
  const after = text.includes(opening)
    ? rest?.split(closing).slice(1).join(closing)
    : `\n\n${afterFigures}${rest}`
  if (before === undefined || rest === undefined || after === undefined)
    throw new Error(`${file} lacks the lines around its figures`)
  await writeFile(file, `${before}${opening}\n\n${await figures(report)}\n\n${closing}${after}`)
}

async function figures({ rows, remarks, command, loadBefore }: Report): Promise<string> {
  const lines = rows.map(
    ({ name, value, unit, limit, pass }) =>
      `| ${name} | ${Number(value.toPrecision(3))} ${unit} | ≤ ${limit} ${unit} | ${pass ? 'yes' : '**no**'} |`,
  )
  return [
    `\`${command}\` on ${new Date().toISOString().slice(0, 10)}: ${await machine()}. Load before the run (1, 5, 15 min): ${loadBefore}.`,
    '',
    '| measurement | value | limit | met |',
    '|---|---|---|---|',
    ...lines,
    '',
    'The same run said beside:',
    '',
    '```',
    ...remarks,
    '```',
  ].join('\n')
}

async function machine(): Promise<string> {
  const [cpu] = cpus()
  const docker = new Dockerode(engineAddress(process.env.DOCKER_HOST))
  const engine = await docker.version().then(
    ({ Version }) => `Docker engine ${Version}`,
    () => 'no Docker engine',
  )
  const memory = (totalmem() / 2 ** 30).toFixed(0)
  return `${cpus().length} cores (${cpu?.model.trim()}), ${memory} GiB, node ${process.version}, ${engine}`
}
