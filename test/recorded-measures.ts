// What the core tells to be counted, kept for a test to look at.
import { type FleetMeasures, noMeasures } from '../src/ports/measures.ts'

export type Told = readonly [name: keyof FleetMeasures, ...values: unknown[]]

export function recordedMeasures(): {
  measures: FleetMeasures
  told: Told[]
  of(name: Told[0]): unknown[][]
} {
  const told: Told[] = []
  const measures = Object.fromEntries(
    (Object.keys(noMeasures) as Told[0][]).map((name) => [
      name,
      (...values: unknown[]) => void told.push([name, ...values]),
    ]),
  ) as unknown as FleetMeasures
  return {
    measures,
    told,
    of: (name) => told.filter(([toldName]) => toldName === name).map(([, ...values]) => values),
  }
}
