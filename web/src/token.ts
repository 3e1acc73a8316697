// The token that this tab uses; forgotten when the tab is closed, never in an address.
import { signal } from '@preact/signals'

const key = 'ibgm-token'
const current = signal(kept())

/** Why the reader is asked to log in (again). */
export const loginReason = signal<string | undefined>(undefined)

export function token(): string | undefined {
  return current.value
}

export function keepToken(value: string): void {
  keep((storage) => storage.setItem(key, value))
  current.value = value
  loginReason.value = undefined
}

export function forgetToken(reason?: string): void {
  keep((storage) => storage.removeItem(key))
  current.value = undefined
  loginReason.value = reason
}

/** Headers of a request, with the token if there is one. */
export function authorization(): Record<string, string> {
  const value = current.peek()
  return value === undefined ? {} : { authorization: `Bearer ${value}` }
}

function kept(): string | undefined {
  let value: string | null = null
  keep((storage) => {
    value = storage.getItem(key)
  })
  return value ?? undefined
}

/** A browser may forbid storage: then the token lives as long as the page. */
function keep(use: (storage: Storage) => void): void {
  try {
    use(sessionStorage)
  } catch {
    // Nothing to do: the page's memory has it.
  }
}
