// What a Vault that does not serve looks like, in our words. Neither Vault's texts nor the client's errors are passed on: they may quote
// a token or a secret (the request hangs on them), and pino prints causes.
import { type ErrorCode, FleetError, isFleetError } from '../../ports/errors.ts'
import type { VaultAnswer } from './client.ts'

const retryAfterMs = 5_000

/** Throws for no answer at all. `error` is only asked for its code: one of the system or of TLS, such as ECONNREFUSED. */
export function unanswered(error: unknown): never {
  const { code } = error as { code?: unknown }
  const known = typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code) ? code : 'no connection'
  if (known === 'ECONNABORTED' || known === 'ETIMEDOUT') throw tooSlow()
  throw new FleetError('VAULT_UNREACHABLE', `Vault cannot be reached (${known})`, { retryAfterMs })
}

export const tooSlow = (): FleetError =>
  new FleetError('VAULT_TIMEOUT', 'Vault did not answer in time', { retryAfterMs })

/**
 * An answer that says that Vault serves nobody at the moment, as a failure that may pass; undefined for any other. 429 is a quota of requests,
 * and a mount that becomes KV v2 answers 400 until it has.
 */
export function unserved({ status, body }: VaultAnswer): FleetError | undefined {
  const upgrading =
    status === 400 && errorsOf(body).some((text) => /^Upgrading from non-versioned/.test(text))
  if (status < 500 && status !== 429 && !upgrading) return undefined
  if (status === 503 && errorsOf(body).some((text) => /sealed/i.test(text))) return sealed()
  return new FleetError('VAULT_UNREACHABLE', `Vault answers ${status}`, { retryAfterMs })
}

export const sealed = (): FleetError => new FleetError('VAULT_SEALED', 'Vault is sealed', { retryAfterMs })

/** A 200 without the fields that Vault sends: something else answers at VAULT_ADDR. */
export const notVault = (): FleetError =>
  new FleetError('VAULT_UNREACHABLE', 'What answers at VAULT_ADDR is not Vault', { retryAfterMs })

export const forbidden = (message: string): FleetError => new FleetError('VAULT_FORBIDDEN', message)

/** The texts of an answer's `errors`, to look for known phrases only. */
export function errorsOf(body: unknown): string[] {
  const errors = fieldOf(body, 'errors')
  return Array.isArray(errors) ? errors.filter((text) => typeof text === 'string') : []
}

/** One field of what may be any JSON. */
export function fieldOf(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (at, name) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, name)
        ? (at as Record<string, unknown>)[name]
        : undefined,
    value,
  )
}

/** The same failure told of one follower; anything that is not ours stays what it is. */
export function toldOf(error: unknown, whose: string): unknown {
  if (!isFleetError(error)) return error
  const advice: Partial<Record<ErrorCode, string>> = {
    VAULT_FORBIDDEN: 'Check the policies and the age of the token, VAULT_KV_MOUNT and VAULT_NAMESPACE.',
    VAULT_SEALED: 'Unseal it.',
    VAULT_UNREACHABLE: 'Check VAULT_ADDR and that it runs.',
  }
  const hint = advice[error.code]
  return new FleetError(error.code, `${whose}: ${error.message}.${hint ? ` ${hint}` : ''}`, {
    ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
    ...(error.faults && { faults: error.faults }),
  })
}
