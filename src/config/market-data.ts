// Where market data comes from and how it is kept, from the environment.
import { join } from 'node:path'
import {
  type ConfigFault,
  type GivenOf,
  optional,
  type ValuesOf,
  type Variable,
  withDefault,
} from './reading.ts'
import { anyText, containerName, duration, hostName, wholeNumber, word } from './values.ts'

export const marketDataVariables = {
  IB_HOST: optional(
    hostName,
    'Market data comes from a gateway that we do not manage: its host, with IB_PORT.',
  ),
  IB_PORT: optional(wholeNumber(1, 65535), 'API port of that gateway.'),
  IB_CLIENT_ID: withDefault(
    wholeNumber(1, 50),
    '1',
    'First client id that the data connection tries; when it is taken, the next, up to 50 and from 1 again.',
  ),
  DATA_FOLLOWER: optional(
    { ...containerName, takes: "a follower's id" },
    'Instead of IB_HOST: the follower whose gateway market data comes from.',
  ),
  BARS_DIR: optional(anyText, 'Folder of the bar files; DATA_DIR/bars when unset.'),
  GAP_SCAN_INTERVAL: withDefault(
    duration(1000),
    '300s',
    'From one look for gaps in the bar files to the next.',
  ),
  GAP_MAX_AGE_DAYS: withDefault(wholeNumber(1, 365), '30', 'Older gaps are left alone.'),
  GAP_BATCH_SIZE: withDefault(wholeNumber(1, 100), '5', 'Series that are filled at the same time.'),
  IB_MIN_REQUEST_DELAY: withDefault(
    duration(0),
    '0.5s',
    'Between two data requests to one gateway; heartbeats never wait.',
  ),
  IB_PACING: withDefault(
    word('strict', 'relaxed'),
    'strict',
    "IB's limits on historical requests: for bars of every size, or (relaxed) for bars of 1 min and more only the one of 50 open requests.",
  ),
} satisfies Record<string, Variable<unknown>>

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

type Values = ValuesOf<typeof marketDataVariables>

/** Faults between the variables that say where bars come from. */
export function dataSourceFaults({
  IB_HOST,
  IB_PORT,
  DATA_FOLLOWER,
}: GivenOf<typeof marketDataVariables>): ConfigFault[] {
  const together = 'IB_HOST and IB_PORT together, or DATA_FOLLOWER, or none of them'
  if (DATA_FOLLOWER !== undefined && (IB_HOST !== undefined || IB_PORT !== undefined))
    return [{ variable: 'DATA_FOLLOWER', got: 'a value beside IB_HOST or IB_PORT', takes: together }]
  if (IB_HOST !== undefined && IB_PORT === undefined)
    return [{ variable: 'IB_PORT', got: 'nothing beside IB_HOST', takes: together }]
  if (IB_PORT !== undefined && IB_HOST === undefined)
    return [{ variable: 'IB_HOST', got: 'nothing beside IB_PORT', takes: together }]
  return []
}

export function marketDataConfig(v: Values & { readonly DATA_DIR: string }): MarketDataConfig {
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
