// Putting a file in another one's place in one step: whoever looks, also after a power cut, finds the old one or the new one.
import { randomUUID } from 'node:crypto'
import { type FileHandle, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline, Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { identityOf, isAbsent, type Source } from './bytes.ts'

export interface Replacement {
  readonly path: string
  /** The open old file, which must not have been touched since; null when there was none. */
  readonly old: Source | null
  /** Unzipped; a chunk is good until the next one is taken. */
  readonly content: AsyncIterable<Buffer>
}

/**
 * On disk when it resolves, with the new file's identity; null when somebody else has changed the old one meanwhile, and then nothing was
 * done. Whatever fails, the old file is as it was.
 */
export async function replaceFile({ path, old, content }: Replacement): Promise<string | null> {
  const draft = join(dirname(path), `${draftPrefix(path)}${randomUUID()}.tmp`)
  try {
    const handle = await open(draft, 'wx', 0o644)
    let identity: string
    try {
      if (old) await keepModeAndOwner(old.handle, handle)
      await writeFile(handle, path.endsWith('.gz') ? zipped(content) : content)
      await handle.sync()
      identity = identityOf(await handle.stat({ bigint: true }))
    } finally {
      await handle.close()
    }
    if ((await identityAt(path)) !== (old?.identity ?? null)) return null
    await rename(draft, path)
    await syncFolder(dirname(path))
    return identity
  } finally {
    await rm(draft, { force: true })
  }
}

/** Removes what a killed process left; only who holds the file's lock may. */
export async function removeDrafts(path: string): Promise<void> {
  const folder = dirname(path)
  for (const file of await readdir(folder))
    if (file.startsWith(draftPrefix(path)) && file.endsWith('.tmp'))
      await rm(join(folder, file), { force: true })
}

/** Makes a name in the folder outlast a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } catch (error) {
    // Some file systems, mostly of networks, do not know how.
    if (!['EINVAL', 'ENOTSUP', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  } finally {
    await handle.close()
  }
}

/** Null when nothing is there. */
export async function identityAt(path: string): Promise<string | null> {
  try {
    return identityOf(await stat(path, { bigint: true }))
  } catch (error) {
    if (isAbsent(error)) return null
    throw error
  }
}

function draftPrefix(path: string): string {
  return `.${basename(path)}.`
}

async function keepModeAndOwner(from: FileHandle, to: FileHandle): Promise<void> {
  const [old, made] = await Promise.all([from.stat(), to.stat()])
  if (made.uid !== old.uid || made.gid !== old.gid)
    try {
      await to.chown(old.uid, old.gid)
    } catch (error) {
      // Only root gives files away; to a group of ours everyone may.
      if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error
      await to.chown(made.uid, old.gid).catch(() => {})
    }
  await to.chmod(old.mode & 0o7777)
}

function zipped(content: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  return pipeline(Readable.from(copied(content), { objectMode: false }), createGzip(), () => {})
}

/** Streams run ahead of their reader. */
async function* copied(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of content) yield Buffer.from(chunk)
}
