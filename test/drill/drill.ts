// The drill of the order gate: many random sequences, several worlds side by side, one verdict.

import { DrillWorld } from './drill-world.ts'

import { Chance } from './random.ts'
import { addReports, type DrillReport } from './report.ts'

/** A gateway remembers every fill of its day, and tells them to each connection: a young one is quicker. */
const perWorld = 50

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
        for (let done = 0; done < perWorld && left > 0; done++) {
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
