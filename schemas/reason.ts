// The stable codes that say why a gateway is not RUNNING; clients, logs, alerts and tests match on them.
import type { Static } from 'typebox'
import { words } from './common.ts'

/** Every cause the product knows, in the order in which a launch can meet them. */
export const reasonCodes = [
  'CREDENTIALS_MISSING',
  'CREDENTIALS_INCOMPLETE',
  'VAULT_UNREACHABLE',
  'VAULT_TIMEOUT',
  'VAULT_SEALED',
  'VAULT_FORBIDDEN',
  'CREDENTIALS_REJECTED',
  'LOGIN_ERROR',
  'SESSION_REJECTED',
  'AWAITING_2FA',
  'TWOFA_TIMEOUT',
  'TWOFA_DEVICE_REQUIRED',
  'EXISTING_SESSION',
  'COMPETING_SESSION',
  'LOCKED_OUT',
  'SERVER_UNAVAILABLE',
  'BLOCKED_BY_DIALOG',
  'CONFIG_ERROR',
  'STARTUP_TIMEOUT',
  'LOGIN_STALLED',
  'SESSION_LOST',
  'HEARTBEAT_LOST',
  'UPSTREAM_LOST',
  'PLANNED_RESTART',
  'CONTAINER_EXITED',
  'OUT_OF_MEMORY',
  'CRASH_LOOP',
  'LOGIN_BUDGET',
  'PORT_EXHAUSTED',
  'CLIENT_ID_EXHAUSTED',
  'NAME_IN_USE',
  'NETWORK_UNSAFE',
  'IMAGE_MISSING',
  'ENGINE_UNAVAILABLE',
  'STORE_UNAVAILABLE',
  'USERNAME_IN_USE',
  'WRONG_ACCOUNT',
] as const
export type ReasonCode = (typeof reasonCodes)[number]

export const ReasonCodeSchema = words(reasonCodes, { $id: 'ReasonCode' })
export type ReasonCodeSchema = Static<typeof ReasonCodeSchema>
