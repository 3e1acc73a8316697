// What a run has shown: a table of faults with how long recovery took, what was skipped and why, and what broke a promise.
import type { Recovery } from './recoveries.ts'

export interface Shown {
  readonly gateways: number
  readonly seed: number
  readonly stormMs: number
  readonly times: ReadonlyMap<string, number>
  readonly recovered: readonly Recovery[]
  readonly unfelt: ReadonlyMap<string, number>
  /** Faults that could not be tried, with the reason. */
  readonly skipped: ReadonlyMap<string, string>
  readonly violations: ReadonlyMap<string, string>
  readonly locked: readonly string[]
  readonly looks: number
  readonly settledMs: number
  readonly answering: number
  readonly managerPeakBytes: number
}

const columns = ['fault', 'times', 'came back', 'anew', 'not felt', 'p50', 'p90', 'max'] as const

export function report(shown: Shown): string {
  const rows = [...shown.times].sort(([a], [b]) => a.localeCompare(b)).map((entry) => row(shown, ...entry))
  const widths = columns.map((name, index) =>
    Math.max(name.length, ...rows.map((cells) => cells[index]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) =>
    cells.map((cell, i) => (i ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))).join('  ')
  return [
    line(columns),
    ...rows.map(line),
    '',
    ...[...shown.skipped].map(([name, why]) => `skipped ${name}: ${why}`),
    ...shown.locked.map((who) => `locked for a person, and launched by one: ${who}`),
    `${shown.answering} of ${shown.gateways} gateways answered at the end (two share one username), ${seconds(shown.settledMs)} after the last fault`,
    `${shown.looks} looks in ${seconds(shown.stormMs)} of faults, seed ${shown.seed}; the manager grew to ${Math.round(shown.managerPeakBytes / 2 ** 20)} MB`,
    ...[...shown.violations].map(([what, at]) => `BROKEN at ${at}: ${what}`),
    `${shown.violations.size} violations`,
  ].join('\n')
}

function row({ recovered, unfelt }: Shown, fault: string, times: number): string[] {
  const own = recovered.filter((other) => other.fault === fault)
  const took = own.map(({ tookMs }) => tookMs).sort((a, b) => a - b)
  const at = (share: number) => took[Math.min(took.length - 1, Math.floor(share * took.length))]
  const cells = [times, took.length, own.filter(({ anew }) => anew).length, unfelt.get(fault) ?? 0].map(
    String,
  )
  return [
    fault,
    ...cells,
    ...[at(0.5), at(0.9), took.at(-1)].map((ms) => (ms === undefined ? '–' : seconds(ms))),
  ]
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
