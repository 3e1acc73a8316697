// What a run tells people: how far it is, what it did and how fast, and of a failure what broke, what led to it and how to see it again.
import { chosenText } from './choice.ts'
import { describeHappening } from './happenings.ts'
import type { Shrunk } from './shrink.ts'
import type { SimulationReport } from './simulate.ts'

const lastLines = 40

/** Sums over seeds. */
export interface Totals {
  seeds: number
  hours: number
  checks: number
  logins: number
  containers: number
  /** Of our own processor time. */
  seconds: number
  readonly counts: Record<string, number>
}

export const noTotals = (): Totals => ({
  seeds: 0,
  hours: 0,
  checks: 0,
  logins: 0,
  containers: 0,
  seconds: 0,
  counts: {},
})

export function add(totals: Totals, report: SimulationReport): void {
  totals.seeds++
  totals.hours += report.hours
  totals.checks += report.checks
  totals.logins += report.logins
  totals.containers += report.containers
  for (const [kind, count] of Object.entries(report.counts))
    totals.counts[kind] = (totals.counts[kind] ?? 0) + count
}

export function totalsText(totals: Totals, followers: number): string {
  const row = (name: string, value: string | number) => `${name.padEnd(40)} ${value}`
  const kinds = Object.entries(totals.counts).sort(([a], [b]) => a.localeCompare(b))
  return [
    row('followers', followers),
    row('seeds', totals.seeds),
    row('simulated hours', totals.hours.toFixed(1)),
    row('seconds of processor time', totals.seconds.toFixed(1)),
    row('simulated hours per second', (totals.hours / totals.seconds).toFixed(1)),
    row('containers started', totals.containers),
    row('logins tried at IBKR', totals.logins),
    row('checks of promises', totals.checks),
    row(
      'happenings',
      kinds.reduce((sum, [, count]) => sum + count, 0),
    ),
    ...kinds.map(([kind, count]) => row(`  ${kind}`, count)),
  ].join('\n')
}

export function failureText(report: SimulationReport): string {
  const [violation] = report.violations
  if (!violation) return ''
  const { followerId, what, atMs } = violation
  return [
    `Seed ${report.seed} broke a promise after ${(atMs / 3_600_000).toFixed(2)} h${followerId ? `, follower ${followerId}` : ''}:`,
    `  ${what}`,
    `The last ${lastLines} things that happened${followerId ? ' to it' : ''}:`,
    ...report.last(lastLines, followerId).map((line) => `  ${line}`),
  ].join('\n')
}

/** `all`: the report of the whole seed. */
export function shrunkText(all: SimulationReport, { happenings, runs }: Shrunk, hours: number): string {
  return [
    `Of ${all.happenings.length} happenings these ${happenings.length} are enough (${runs} runs):`,
    ...happenings.map((happening) => `  ${describeHappening(happening)}`),
    `npm run simulate -- --seed ${all.seed} --hours ${hours} --followers ${all.followers} --only ${chosenText(all.happenings, happenings)}`,
  ].join('\n')
}
