// Secrets of one KV mount, version 1 or 2: which it is, is asked once and again when nothing is found.
import { FleetError } from '../../ports/errors.ts'
import type { VaultAnswer } from './client.ts'
import { errorsOf, fieldOf, forbidden, notVault } from './failures.ts'
import { encodedPath } from './secret-path.ts'
import type { VaultSession } from './session.ts'

type KvVersion = 1 | 2

/** One secret as it is stored; `fields` is null where there is none (or its latest version was deleted). */
export interface KvSecret {
  readonly fields: Readonly<Record<string, unknown>> | null
  readonly kv: KvVersion
  /** Of the secret, for check-and-set; 0 where there never was one, and on KV v1. */
  readonly version: number
}

export class KvMount {
  readonly #session: VaultSession
  readonly #mount: string
  #version: KvVersion | null = null

  /** `mount`: VAULT_KV_MOUNT, slashes at its ends allowed. */
  constructor(session: VaultSession, mount: string) {
    this.#session = session
    this.#mount = encodedPath(mount.replace(/^\/+|\/+$/g, ''))
  }

  async read(path: string, signal: AbortSignal): Promise<KvSecret> {
    const known = this.#version
    const kv = known ?? (await this.#detect(signal))
    const found = await this.#readAs(kv, path, signal)
    if (found.fields !== null || known === null) return found
    // Nothing there: or the mount was made anew with the other version.
    const now = await this.#detect(signal)
    return now === kv ? found : this.#readAs(now, path, signal)
  }

  /** Replaces what `before` read. False when somebody else was quicker, which only KV v2 can tell. */
  async replace(
    path: string,
    before: KvSecret,
    fields: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const body = before.kv === 2 ? { options: { cas: before.version }, data: fields } : fields
    const answer = await this.#session.ask({ method: 'POST', path: this.#url(before.kv, path), body }, signal)
    if (answer.status === 200 || answer.status === 204) return true
    if (errorsOf(answer.body).some((text) => /check-and-set/.test(text))) return false
    throw forbidden(`Vault refuses to store the secret (${answer.status})`)
  }

  async #readAs(kv: KvVersion, path: string, signal: AbortSignal): Promise<KvSecret> {
    const answer = await this.#session.ask({ method: 'GET', path: this.#url(kv, path) }, signal)
    if (kv === 1) return { fields: found(answer, 'data'), kv, version: 0 }
    const version = fieldOf(answer.body, 'data', 'metadata', 'version')
    return { fields: found(answer, 'data', 'data'), kv, version: typeof version === 'number' ? version : 0 }
  }

  async #detect(signal: AbortSignal): Promise<KvVersion> {
    const path = `sys/internal/ui/mounts/${this.#mount}`
    const { status, body } = await this.#session.ask({ method: 'GET', path }, signal)
    if (status !== 200)
      throw new FleetError(
        'CREDENTIALS_MISSING',
        `Vault has no mount ${decodeURIComponent(this.#mount)} (${status})`,
      )
    const type = fieldOf(body, 'data', 'type')
    if (typeof type !== 'string') throw notVault()
    if (type !== 'kv' && type !== 'generic')
      throw new FleetError(
        'CREDENTIALS_MISSING',
        `The mount ${decodeURIComponent(this.#mount)} is not of type KV`,
      )
    this.#version = fieldOf(body, 'data', 'options', 'version') === '2' ? 2 : 1
    return this.#version
  }

  #url(kv: KvVersion, path: string): string {
    return `${this.#mount}/${kv === 2 ? 'data/' : ''}${encodedPath(path)}`
  }
}

/** The secret's fields in an answer; null when it says that there is none. */
function found(answer: VaultAnswer, ...path: string[]): Record<string, unknown> | null {
  const fields = fieldOf(answer.body, ...path)
  // 400 and 405 are what paths of the other KV version may get.
  if (answer.status === 404 || answer.status === 400 || answer.status === 405) return null
  if (answer.status !== 200) throw forbidden(`Vault refuses the secret (${answer.status})`)
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) throw notVault()
  return fields as Record<string, unknown>
}
