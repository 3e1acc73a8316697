// The one error that ports and core promise to fail with; HTTP statuses are decided in src/problems.ts.

/** Stable codes: clients, logs, alerts and tests match on them. Each has a status in src/problems.ts, or nothing compiles. */
export const errorCodes = [
  'INVALID_REQUEST',
  'NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'UNSUPPORTED_MEDIA_TYPE',
  'BODY_TOO_LARGE',
  'UNAUTHORIZED',
  'FORBIDDEN',
  'TOO_MANY_REQUESTS',
  'TOO_SLOW',
  'FOLLOWER_NOT_FOUND',
  'FOLLOWER_EXISTS',
  'FOLLOWER_NOT_LAUNCHABLE',
  'REVISION_MISMATCH',
  'CREDENTIALS_MISSING',
  'CREDENTIALS_INCOMPLETE',
  'CREDENTIALS_REJECTED',
  'CREDENTIALS_INVALID',
  'VAULT_UNREACHABLE',
  'VAULT_TIMEOUT',
  'VAULT_SEALED',
  'VAULT_FORBIDDEN',
  'USERNAME_IN_USE',
  'LOGIN_BUDGET',
  'PORT_IN_USE',
  'PORT_EXHAUSTED',
  'CLIENT_ID_EXHAUSTED',
  'CLIENT_ID_IN_USE',
  'NAME_IN_USE',
  'NETWORK_UNSAFE',
  'IMAGE_MISSING',
  'ENGINE_UNAVAILABLE',
  'ENGINE_REFUSED',
  'STORE_UNAVAILABLE',
  'STORE_LOCKED',
  'DATA_DIR_UNUSABLE',
  'GATEWAY_NOT_RUNNING',
  'GATEWAY_NOT_UP',
  'SOFT_RESTART_UNAVAILABLE',
  'SCREEN_UNAVAILABLE',
  'LEASE_NOT_FOUND',
  'ALERT_NOT_FOUND',
  'SCAN_RUNNING',
  'SERIES_EXISTS',
  'SERIES_NOT_FOUND',
  'CONTRACT_UNKNOWN',
  'CONTRACT_AMBIGUOUS',
  'CONTRACT_EXPIRED',
  'DATA_CONNECTION_DOWN',
  'BAR_FILE_DAMAGED',
  'BAR_FILE_LOCKED',
  'BARS_DIR_UNUSABLE',
  'PACING_QUEUE_FULL',
  'ORDER_GATE_CLOSED',
  'ORDER_REFUSED',
  'GAMEPLAN_INVALID',
  'UNKNOWN_FAULT',
  'CONNECTION_REFUSED',
  'CONNECTION_TIMEOUT',
  'CONNECTION_CLOSED',
  'REQUEST_REJECTED',
  'CIRCUIT_OPEN',
  'NOT_READY',
  'SHUTTING_DOWN',
  'INTERNAL',
] as const
export type ErrorCode = (typeof errorCodes)[number]

/** A failure that we understand: what happened, to whom, and (where someone can act) what to do. Never carries a secret. */
export class FleetError extends Error {
  override readonly name = 'FleetError'
  readonly code: ErrorCode
  /** When trying again makes sense, in milliseconds from now; becomes `Retry-After`. */
  readonly retryAfterMs: number | undefined
  /** Single faults of an input, with a path each. */
  readonly faults: ReadonlyArray<{ path: string; message: string }> | undefined

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      cause?: unknown
      retryAfterMs?: number
      faults?: ReadonlyArray<{ path: string; message: string }>
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryAfterMs = options.retryAfterMs
    this.faults = options.faults
  }
}

/** What an error says; of anything else that was thrown, its text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Whether `error` is a FleetError, of one of `codes` when any are given. */
export function isFleetError(error: unknown, ...codes: ErrorCode[]): error is FleetError {
  return error instanceof FleetError && (codes.length === 0 || codes.includes(error.code))
}
