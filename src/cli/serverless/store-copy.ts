// `ibgm store copy`: from one store to another, when no manager holds either.
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { systemClock } from '../../adapters/system-clock.ts'
import { isFleetError } from '../../ports/errors.ts'
import type { LockDeps } from '../../ports/manager-lock.ts'
import type { Stores } from '../../ports/stores.ts'
import { CliError, type ExitCode, exitCodes, type Io } from '../io.ts'
import { counted } from '../terminal.ts'
import type { Toolbox } from '../toolbox.ts'
import { copyRecords, recordKinds } from './copy-records.ts'

/** The name under which the stores are held meanwhile; a manager that is started now reads it. */
const holder = 'ibgm-store-copy'

type Place =
  | { readonly kind: 'embedded'; readonly dataDir: string }
  | { readonly kind: 'mongodb'; readonly url: string; readonly database: string }

export async function copyStore(tools: Toolbox, fromText: string, toText: string): Promise<ExitCode> {
  const { io } = tools
  const from = parsePlace('FROM', fromText, io)
  const to = parsePlace('TO', toText, io)
  if (JSON.stringify(from) === JSON.stringify(to))
    throw new CliError('usage', 'FROM and TO are the same store')
  if (from.kind === 'embedded' && !existsSync(join(from.dataDir, 'store.mdb')))
    throw new CliError('failed', `there is no store in ${from.dataDir}`, { code: 'NO_STORE' })
  try {
    const { counts, skipped } = await withStores(from, to, io, copyRecords)
    tools.answer({ counts, skipped }, () => [
      ...recordKinds.map((kind) => `${kind.padEnd(11)}${counts[kind]}`),
      ...skipped.map(({ id, message }) => `skipped    follower ${id}: ${message}`),
      skipped.length === 0 ? 'all copied' : `${counted(skipped.length, 'record')} not copied`,
    ])
    return skipped.length === 0 ? exitCodes.ok : exitCodes.failed
  } catch (error) {
    throw explained(error)
  }
}

/** Takes the locks of both, so that no manager starts meanwhile, and lets go of everything afterwards. */
async function withStores<T>(
  from: Place,
  to: Place,
  io: Io,
  work: (from: Stores, to: Stores) => Promise<T>,
): Promise<T> {
  const { readProcesses } = await import('../../adapters/embedded/processes.ts')
  const signal = io.signal ?? new AbortController().signal
  let abort: (reason: Error) => void = () => {}
  const lost = new Promise<never>((_resolve, reject) => {
    abort = reject
  })
  lost.catch(() => {})
  const deps: LockDeps = {
    clock: systemClock(),
    log: warningsOnly(io),
    processes: readProcesses(),
    onLockLost: (error) => abort(error),
  }
  const closers: Array<() => Promise<void>> = []
  try {
    const stores: Stores[] = []
    for (const place of [from, to]) {
      const opened = await open(place, deps)
      closers.push(() => opened.close())
      await opened.lock.acquire(holder, signal)
      closers.push(() => opened.lock.release())
      stores.push(opened)
    }
    const [source, target] = stores
    if (!source || !target) throw new Error('two places, two stores')
    return await Promise.race([work(source, target), lost])
  } finally {
    for (const close of closers.reverse()) await close().catch(() => {})
  }
}

async function open(place: Place, deps: LockDeps): Promise<Stores> {
  if (place.kind === 'embedded') {
    const { openEmbeddedStores } = await import('../../adapters/embedded/stores.ts')
    return openEmbeddedStores({ ...deps, dataDir: place.dataDir })
  }
  const { openMongoStores } = await import('../../adapters/mongo/stores.ts')
  return openMongoStores({ ...deps, url: place.url, database: place.database })
}

function parsePlace(name: string, text: string, { env }: Io): Place {
  const database = env.MONGODB_DB || 'ibgm'
  if (text === 'embedded') return { kind: 'embedded', dataDir: resolve(env.DATA_DIR || './ibgm-data') }
  if (text === 'mongodb') {
    const url = env.MONGODB_URL || (env.MONGODB_URL_FILE && readSecret(env.MONGODB_URL_FILE))
    if (!url) throw new CliError('usage', `${name} is mongodb, but MONGODB_URL is not set`)
    return { kind: 'mongodb', url, database }
  }
  if (/^mongodb(\+srv)?:/.test(text)) {
    if (/\/\/[^/@]*:.*@/.test(text))
      throw new CliError('usage', `${name} holds a password, which every user of this machine can see`, {
        hint: 'put the URL into MONGODB_URL, and say mongodb',
      })
    return { kind: 'mongodb', url: text, database }
  }
  if (/[/\\]|^\.+$/.test(text)) return { kind: 'embedded', dataDir: resolve(text) }
  throw new CliError('usage', `${name} is embedded, mongodb, a folder (./${text}?) or a mongodb:// URL`)
}

function readSecret(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'UNREADABLE'
    throw new CliError('usage', `MONGODB_URL_FILE cannot be read (${code})`, { cause: error })
  }
}

function explained(error: unknown): unknown {
  if (isFleetError(error, 'STORE_UNAVAILABLE'))
    return new CliError('unreachable', error.message, { code: error.code, cause: error })
  if (isFleetError(error, 'STORE_LOCKED'))
    return new CliError('failed', error.message, {
      code: error.code,
      hint: 'stop the manager first: records that change while they are copied would be lost',
      cause: error,
    })
  if (isFleetError(error, 'INVALID_REQUEST')) return new CliError('usage', error.message, { cause: error })
  return error
}

function warningsOnly({ stderr }: Io): LockDeps['log'] {
  const warn = (_fields: object, message: string) => void stderr.write(`${message}\n`)
  const log: LockDeps['log'] = { debug() {}, info() {}, warn, error: warn, child: () => log }
  return log
}
