// What a drill has shown, and how parts of it add up.
import type { Violation } from './audit.ts'

export interface DrillReport {
  readonly sequences: number
  /** Orders that reached a gateway. */
  readonly orders: number
  /** Orders that were not written. */
  readonly refused: number
  /** Orders that were tried while the gate was closed. */
  readonly triedWhileClosed: number
  /** Times that the gate shut on a connection that stood. */
  readonly marks: number
  readonly violations: readonly Violation[]
  readonly disturbances: Readonly<Record<string, number>>
}

export function addReports(reports: readonly DrillReport[]): DrillReport {
  const total = (value: (report: DrillReport) => number) =>
    reports.reduce((sum, report) => sum + value(report), 0)
  const disturbances: Record<string, number> = {}
  for (const report of reports)
    for (const [name, times] of Object.entries(report.disturbances))
      disturbances[name] = (disturbances[name] ?? 0) + times
  return {
    sequences: total((report) => report.sequences),
    orders: total((report) => report.orders),
    refused: total((report) => report.refused),
    triedWhileClosed: total((report) => report.triedWhileClosed),
    marks: total((report) => report.marks),
    violations: reports.flatMap((report) => report.violations),
    disturbances,
  }
}
