// The drill of the order gate: many random sequences, several worlds side by side, one verdict.

import { type DrillReport, DrillWorld } from './drill-world.ts'

export type { DrillReport } from './drill-world.ts'

import { Chance } from './random.ts'

/** A gateway remembers every fill of its day, and tells them to each connection: a young one is quicker. */
const PER_WORLD = 50

export interface DrillOptions {
  readonly sequences: number
  readonly seed: number
  /** Gateways side by side [8]. */
  readonly worlds?: number
}

/** Rejects when a gateway cannot be validated any more: then nothing was shown. */
export async function runDrill({ sequences, seed, worlds = 8 }: DrillOptions): Promise<DrillReport> {
  const ended: DrillWorld[] = []
  let left = sequences
  let started = 0
  const workThrough = async (lane: number) => {
    while (left > 0) {
      const world = await DrillWorld.start(new Chance(seed * 1_000_003 + started++), lane % 4 === 0)
      try {
        for (let done = 0; done < PER_WORLD && left > 0; done++) {
          left--
          await world.sequence()
        }
      } finally {
        await world.end()
      }
      ended.push(world)
    }
  }
  await Promise.all(Array.from({ length: worlds }, (_, lane) => workThrough(lane)))
  return addReports(ended.map(({ report }) => report))
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
