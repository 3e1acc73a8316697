// The bytes of a bar file, zipped or not, in portions of whole lines; nothing here knows what a line means.
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { FileFault } from './rows.ts'

/** Small enough that judging one portion keeps nobody waiting: some 1,200 rows. */
export const portionBytes = 64 * 1024
const copyBytes = 512 * 1024
const lineFeed = 10

/** An open file, and what tells whether it is still the same afterwards. */
export interface Source {
  readonly path: string
  readonly handle: FileHandle
  readonly size: number
  readonly identity: string
  readonly isZipped: boolean
}

/** Whole lines as latin1, so that a character is a byte; the last may lack its end. `at` is its first byte, unzipped. */
export interface Portion {
  readonly text: string
  readonly at: number
}

/** Null when there is no such file. Errors of the system as they come. */
export async function openSource(path: string): Promise<Source | null> {
  let handle: FileHandle
  try {
    // A pipe of that name would keep us waiting for whoever writes into it.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if (isAbsent(error)) return null
    throw error
  }
  try {
    const stat = await handle.stat({ bigint: true })
    if (!stat.isFile()) throw Object.assign(new Error('not a file'), { code: 'EISDIR', path })
    return {
      path,
      handle,
      size: Number(stat.size),
      identity: identityOf(stat),
      isZipped: path.endsWith('.gz'),
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** Changes whenever a file is written or replaced. */
export function identityOf(stat: { dev: bigint; ino: bigint; size: bigint; mtimeNs: bigint }): string {
  return `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}`
}

/** Whether nothing is at the path; a name too long for the file system can have nothing. */
export function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENAMETOOLONG'].includes((error as NodeJS.ErrnoException).code ?? '')
}

/** Whole lines from byte `from` (the begin of one) to before byte `to`, which only counts where it can be reached without unzipping. */
export async function* linesOf(source: Source, from = 0, bytes = portionBytes): AsyncGenerator<Portion> {
  let kept: Buffer = Buffer.alloc(0)
  let at = from
  for await (const chunk of bytesOf(source, from, bytes)) {
    const all = kept.length > 0 ? Buffer.concat([kept, chunk]) : chunk
    const end = all.lastIndexOf(lineFeed) + 1
    if (end > 0) yield { text: all.toString('latin1', 0, end), at }
    at += end
    // The chunk's memory is used again.
    kept = Buffer.from(all.subarray(end))
    if (kept.length > portionBytes) throw new FileFault(at, `it is longer than ${portionBytes} bytes`)
  }
  if (kept.length > 0) yield { text: kept.toString('latin1'), at }
}

/** All bytes from `from` on, unzipped; a chunk is good until the next one is taken. FileFault where the gzip stream is damaged. */
export async function* bytesOf(source: Source, from = 0, bytes = copyBytes): AsyncGenerator<Buffer> {
  if (!source.isZipped) return yield* plainBytes(source, from, bytes)
  let at = 0
  for await (const chunk of unzippedBytes(source, bytes)) {
    if (at + chunk.length > from) yield chunk.subarray(Math.max(0, from - at))
    at += chunk.length
  }
}

/** One byte range of a file that is not zipped; shorter at its end. */
export async function bytesAt(source: Source, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length)
  const { bytesRead } = await source.handle.read(buffer, 0, length, at)
  return buffer.subarray(0, bytesRead)
}

async function* plainBytes({ handle }: Source, from: number, bytes: number): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(bytes)
  for (let at = from; ; ) {
    const { bytesRead } = await handle.read(buffer, 0, bytes, at)
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
    at += bytesRead
  }
}

async function* unzippedBytes(source: Source, bytes: number): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: bytes })
  pipeline(plainStream(source), gunzip, () => {})
  let at = 0
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      yield chunk
      at += chunk.length
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code?.startsWith('Z_') !== true) throw error
    throw new FileFault(at, `the gzip stream is damaged here (${(error as Error).message})`)
  } finally {
    gunzip.destroy()
  }
  // Node unzips what it can and is silent about what follows.
  if (gunzip.bytesWritten < source.size) throw new FileFault(at, 'something follows the gzip stream')
}

async function* plainStream(source: Source): AsyncGenerator<Buffer> {
  for await (const chunk of plainBytes(source, 0, portionBytes)) yield Buffer.from(chunk)
}
