// Keyed digests of logins: they tell "the same as before" without keeping what it was. The key is made once per store.
import { createHmac } from 'node:crypto'
import type { GatewayCredentials } from '../../ports/runtime.ts'

export class Digests {
  readonly #key: Buffer

  /** `key`: base64, from the store. */
  constructor(key: string) {
    this.#key = Buffer.from(key, 'base64')
  }

  /** Same username, same digest; 16 hex digits are enough for a fleet and go into a container label. */
  username(username: string): string {
    return this.#digest('username', username.toLowerCase()).slice(0, 16)
  }

  /** Changes when username or password change. */
  secret({ username, password }: GatewayCredentials): string {
    return this.#digest('secret', `${username}\0${password}`)
  }

  #digest(purpose: string, value: string): string {
    return createHmac('sha256', this.#key).update(`${purpose}\0${value}`).digest('hex')
  }
}
