// A file of lines that only grows: each append is on disk before it resolves, a torn end is cut off, a failed write leaves nothing behind.
import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

export interface LineFile {
  /** Whole lines that were there when it was opened. */
  readonly lines: readonly string[]
  /** In bytes. */
  readonly size: number
  /** Resolves when the lines are on disk; rejects with the system's error, or when another process writes here too, and then none of them is. */
  append(lines: readonly string[]): Promise<void>
  /** Puts `lines` in place of everything, at once or not at all. */
  replace(lines: readonly string[]): Promise<void>
  close(): Promise<void>
}

/** Opens or makes the file and its folder; rejects with the system's error. */
export async function openLineFile(path: string): Promise<LineFile> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const handle = await open(path, 'a+', 0o600)
  try {
    const text = await handle.readFile('utf8')
    const whole = text.slice(0, text.lastIndexOf('\n') + 1)
    const size = Buffer.byteLength(whole)
    if (whole.length < text.length) await handle.truncate(size)
    await syncFolder(path)
    return new DiskLines(path, handle, whole.split('\n').slice(0, -1), size)
  } catch (error) {
    await handle.close()
    throw error
  }
}

class DiskLines implements LineFile {
  readonly lines: readonly string[]
  readonly #path: string
  #handle: FileHandle
  #size: number
  /** A write failed: there may be part of a line. */
  #torn = false
  /** One write at a time. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(path: string, handle: FileHandle, lines: readonly string[], size: number) {
    this.#path = path
    this.#handle = handle
    this.lines = lines
    this.#size = size
  }

  get size(): number {
    return this.#size
  }

  append(lines: readonly string[]): Promise<void> {
    return this.#next(async () => {
      const bytes = encode(lines)
      await this.#tidy()
      try {
        await this.#handle.appendFile(bytes)
        await this.#handle.datasync()
        this.#size += bytes.length
      } catch (error) {
        this.#torn = true
        await this.#handle.truncate(this.#size).catch(() => {})
        throw error
      }
    })
  }

  replace(lines: readonly string[]): Promise<void> {
    return this.#next(async () => {
      const draft = `${this.#path}.${randomBytes(4).toString('hex')}`
      const handle = await open(draft, 'ax', 0o600)
      const bytes = encode(lines)
      try {
        await handle.appendFile(bytes)
        await handle.datasync()
        await rename(draft, this.#path)
      } catch (error) {
        await handle.close()
        await rm(draft, { force: true })
        throw error
      }
      const former = this.#handle
      this.#handle = handle
      this.#size = bytes.length
      await former.close()
      await syncFolder(this.#path)
    })
  }

  close(): Promise<void> {
    return this.#next(() => this.#handle.close())
  }

  /** Cuts off what a failed write left, if that failed too. What else has changed is the work of another process, and nothing to touch. */
  async #tidy(): Promise<void> {
    const [mine, there] = await Promise.all([this.#handle.stat(), stat(this.#path)])
    if (this.#torn && mine.ino === there.ino) await this.#handle.truncate(this.#size)
    else if (mine.ino !== there.ino || mine.size !== this.#size)
      throw new Error(`another process writes to ${this.#path}; each needs a folder of its own`)
    this.#torn = false
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }
}

function encode(lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((line) => `${line}\n`).join(''))
}

/** Makes the file's name itself survive a power failure. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
