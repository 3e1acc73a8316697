// Where market data comes from and how it is kept, from the environment.
import { join } from 'node:path'
import type { Values } from './variables.ts'

export interface MarketDataConfig {
  /** `none`: no data connection. */
  readonly source:
    | { readonly kind: 'none' }
    | { readonly kind: 'gateway'; readonly host: string; readonly port: number }
    | { readonly kind: 'follower'; readonly followerId: string }
  readonly firstClientId: number
  readonly barsDir: string
  readonly scanIntervalMs: number
  readonly maxGapAgeDays: number
  readonly batchSize: number
  readonly minRequestDelayMs: number
  readonly pacing: 'strict' | 'relaxed'
}

type Given = { readonly [N in keyof Values]: Values[N] | undefined }

/** Faults between the variables that say where bars come from. */
export function dataSourceFaults({
  IB_HOST,
  IB_PORT,
  DATA_FOLLOWER,
}: Given): Array<{ variable: string; got: string; takes: string }> {
  const together = 'IB_HOST and IB_PORT together, or DATA_FOLLOWER, or none of them'
  if (DATA_FOLLOWER !== undefined && (IB_HOST !== undefined || IB_PORT !== undefined))
    return [{ variable: 'DATA_FOLLOWER', got: 'a value beside IB_HOST or IB_PORT', takes: together }]
  if (IB_HOST !== undefined && IB_PORT === undefined)
    return [{ variable: 'IB_PORT', got: 'nothing beside IB_HOST', takes: together }]
  if (IB_PORT !== undefined && IB_HOST === undefined)
    return [{ variable: 'IB_HOST', got: 'nothing beside IB_PORT', takes: together }]
  return []
}

export function marketDataConfig(v: Values): MarketDataConfig {
  return {
    source: source(v),
    firstClientId: v.IB_CLIENT_ID,
    barsDir: v.BARS_DIR ?? join(v.DATA_DIR, 'bars'),
    scanIntervalMs: v.GAP_SCAN_INTERVAL,
    maxGapAgeDays: v.GAP_MAX_AGE_DAYS,
    batchSize: v.GAP_BATCH_SIZE,
    minRequestDelayMs: v.IB_MIN_REQUEST_DELAY,
    pacing: v.IB_PACING,
  }
}

function source({ IB_HOST, IB_PORT, DATA_FOLLOWER }: Values): MarketDataConfig['source'] {
  if (IB_HOST !== undefined && IB_PORT !== undefined) return { kind: 'gateway', host: IB_HOST, port: IB_PORT }
  if (DATA_FOLLOWER !== undefined) return { kind: 'follower', followerId: DATA_FOLLOWER }
  return { kind: 'none' }
}
