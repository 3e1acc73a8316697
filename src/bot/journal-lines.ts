// The way of journal lines to disk: together while it is busy, and what a full disk refused again with the next.
import type { LineFile } from './line-file.ts'

interface Line {
  readonly text: string
  /** A line that somebody waits for leaves no trace when it fails; others are tried again. */
  readonly urgency: 'now or never' | 'sooner or later'
}

interface Batch {
  readonly lines: Line[]
  readonly saved: Promise<void>
}

/** Lines that found no place on disk; older ones are given up. */
const maxUnsaved = 10_000

export class JournalLines {
  readonly #file: LineFile
  readonly #onGrown: () => Promise<void>
  #unsaved: string[] = []
  #saving: Promise<unknown> = Promise.resolve()
  #next: Batch | undefined

  /** `onGrown` runs after each write, before the next; it must not reject, and may call `replace`. */
  constructor(file: LineFile, onGrown: () => Promise<void>) {
    this.#file = file
    this.#onGrown = onGrown
  }

  /** In bytes. */
  get size(): number {
    return this.#file.size
  }

  /** Resolves when the line is on disk; rejects with the system's error. */
  save(text: string, urgency: Line['urgency']): Promise<void> {
    this.#next ??= this.#newBatch()
    this.#next.lines.push({ text, urgency })
    return this.#next.saved
  }

  /** Puts `lines` in place of all that is on disk; for the opening and for `onGrown`. */
  replace(lines: readonly string[]): Promise<void> {
    return this.#file.replace(lines)
  }

  /** Resolves when all that was to be saved is on disk, or has failed to get there. */
  async flush(): Promise<void> {
    await this.#saving
  }

  async close(): Promise<void> {
    await this.#saving
    await this.#file.close()
  }

  #newBatch(): Batch {
    const lines: Line[] = []
    const saved = this.#saving.then(() => {
      this.#next = undefined
      return this.#append(lines)
    })
    this.#saving = saved.catch(() => {})
    return { lines, saved }
  }

  async #append(lines: readonly Line[]): Promise<void> {
    try {
      await this.#file.append([...this.#unsaved, ...lines.map(({ text }) => text)])
    } catch (error) {
      const kept = lines.filter(({ urgency }) => urgency === 'sooner or later').map(({ text }) => text)
      this.#unsaved = [...this.#unsaved, ...kept].slice(-maxUnsaved)
      throw error
    }
    this.#unsaved = []
    await this.#onGrown()
  }
}
