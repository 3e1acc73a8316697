// Secrets as files of a folder, each readable by one user alone. Written by rename: whoever reads one never sees half of it.
import { chmodSync, chownSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export class SecretFiles {
  readonly #folder: string

  constructor(options: { readonly folder: string }) {
    this.#folder = options.folder
  }

  /** Undefined when there is none. */
  read(name: string): string | undefined {
    const path = join(this.#folder, name)
    return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined
  }

  /** `owner`: user and group id of its only reader. Giving files away needs CAP_CHOWN. */
  write(name: string, text: string, owner: number): void {
    const path = join(this.#folder, name)
    const draft = `${path}.draft`
    writeFileSync(draft, `${text}\n`, { mode: 0o600, flush: true })
    // A draft of an earlier run keeps its mode.
    chmodSync(draft, 0o400)
    chownSync(draft, owner, owner)
    renameSync(draft, path)
  }

  /** The one that is there, or a new one. */
  keep(name: string, make: () => string, owner: number): string {
    const text = this.read(name) ?? make()
    this.write(name, text, owner)
    return text
  }
}
