// All that a run did, in order: hashed, so that two runs can be compared byte by byte, and the end of it kept for people.

import { createHash } from 'node:crypto'

const keptLines = 400

export class Trace {
  readonly #hash = createHash('sha256')
  readonly #last: string[] = []
  #lines = 0

  add(atMs: number, text: string): void {
    const line = `${(atMs / 1000).toFixed(3)} ${text}`
    this.#hash.update(line).update('\n')
    this.#lines++
    this.#last.push(line)
    if (this.#last.length > 2 * keptLines) this.#last.splice(0, keptLines)
  }

  get lines(): number {
    return this.#lines
  }

  /** The last lines, oldest first; those that name `about`, where that is given. */
  last(count: number, about?: string): string[] {
    const told = about === undefined ? this.#last : this.#last.filter((line) => line.includes(about))
    return told.slice(-count)
  }

  /** Ends it. */
  digest(): string {
    return this.#hash.digest('hex')
  }
}
