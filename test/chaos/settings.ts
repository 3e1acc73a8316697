// What a run is asked to be, and the figures that its managers and its verdicts go by.
import { parseArgs } from 'node:util'

/** The manager's own, quick enough to show within minutes what takes an hour by default. */
export const heartbeatMs = { interval: 1_000, timeout: 2_000 }
/** For a machine that has more to do than this. */
export const slackMs = 3_000
export const loginStarts = 12
export const memoryLimitMb = 160
/** A manager of 20 gateways needs about 150 MB. */
export const managerMemoryBytes = 450 * 2 ** 20
/** From the end of the last fault, or from the time at which the manager itself said it would try again. */
export const recoveryMs = 90_000

export interface ChaosSettings {
  readonly gateways: number
  readonly seed: number
  /** How long faults go on, milliseconds; each kind is tried once at least. */
  readonly stormMs: number
  /** Mean time from one fault to the next. */
  readonly gapMs: number
  /** Every kind once, then none. */
  readonly once: boolean
  readonly store: 'mongodb' | 'embedded'
  /** Names of faults; all when undefined. */
  readonly faults?: readonly string[]
  /** File for what the manager printed. */
  readonly log?: string
}

export const usage = `npm run chaos -- [--gateways 20] [--minutes 3] [--seed N] [--faults kill,pause,…] [--store mongodb|embedded] [--short] [--log FILE]`

/** Throws with what is wrong. CI_BUDGET (0 to 1) shortens --short. */
export function chaosSettings(args: readonly string[], env: NodeJS.ProcessEnv): ChaosSettings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      gateways: { type: 'string' },
      minutes: { type: 'string', default: '3' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      faults: { type: 'string' },
      store: { type: 'string', default: 'mongodb' },
      log: { type: 'string' },
      short: { type: 'boolean', default: false },
    },
  })
  const budget = number('CI_BUDGET', env.CI_BUDGET || '1', 0, 1)
  const gateways = number('--gateways', values.gateways ?? (values.short ? '5' : '20'), 2, 80)
  const { store } = values
  if (store !== 'mongodb' && store !== 'embedded') throw new Error('--store takes mongodb or embedded')
  return {
    gateways,
    seed: number('--seed', values.seed, 0, 2 ** 32 - 1),
    stormMs: number('--minutes', values.minutes, 0, 60) * 60_000,
    gapMs: values.short ? 1_000 + 2_000 * budget : 40_000 / gateways,
    once: values.short,
    store,
    ...(values.log !== undefined && { log: values.log }),
    ...(values.faults !== undefined && { faults: values.faults.split(',').map((name) => name.trim()) }),
  }
}

function number(name: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= least && value <= most))
    throw new Error(`${name} takes a number from ${least} to ${most}, not ${text}`)
  return value
}
