// Every code that an alert can have. Each has a section of its own in docs/runbook.md, or a test fails.
import { reasonCodes } from '../../schemas/reason.ts'

/** Besides the reasons why a gateway is not RUNNING, and what the fleet stands on. */
const ownCodes = [
  'PUBLISHED_WIDE',
  'SPEC_DRIFT',
  'BOT_UNHEALTHY',
  'FOLLOWER_MALFORMED',
  'STRAY_CONTAINER',
  'ALERTS_UNDELIVERED',
  'DATA_CONNECTION_DOWN',
  'BAR_FILE_DAMAGED',
  'BARS_DIR_UNUSABLE',
  'CONTRACT_UNKNOWN',
  'CONTRACT_AMBIGUOUS',
  'CONTRACT_EXPIRED',
  /** All that the trading bot tells. */
  'BOT',
] as const

export const alertCodes = [...reasonCodes, ...ownCodes] as const
export type AlertCode = (typeof alertCodes)[number]
