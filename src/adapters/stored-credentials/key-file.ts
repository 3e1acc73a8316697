// The key that seals stored logins when CREDENTIALS_KEY gives none: made once, in DATA_DIR/credentials.key, readable by its owner only.
import { randomBytes, randomUUID } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { FleetError, isFleetError } from '../../ports/errors.ts'
import type { Log } from '../../ports/log.ts'

const keyBytes = 32

/** 32 bytes, the same at every start. DATA_DIR_UNUSABLE when the file is damaged or cannot be read or made. */
export function loadCredentialsKey(deps: { readonly dataDir: string; readonly log: Log }): Buffer {
  const path = join(deps.dataDir, 'credentials.key')
  try {
    if (make(path))
      deps.log.info({ path }, 'Key for stored credentials made; keep a copy, without it they are lost')
    if ((statSync(path).mode & 0o077) !== 0) {
      chmodSync(path, 0o600)
      deps.log.warn({ path }, 'Key for stored credentials was open to other users; its mode is 600 again')
    }
    return read(path)
  } catch (error) {
    if (isFleetError(error)) throw error
    const code = (error as NodeJS.ErrnoException).code
    throw new FleetError(
      'DATA_DIR_UNUSABLE',
      `The key file ${path} cannot be read or made (${code}). Give it to this user with mode 600, or set CREDENTIALS_KEY.`,
      { cause: error },
    )
  }
}

/** Whether it was made now. It appears complete or not at all, also when two processes try. */
function make(path: string): boolean {
  if (statSync(path, { throwIfNoEntry: false })) return false
  const draft = `${path}.${randomUUID()}`
  try {
    const file = openSync(draft, 'wx', 0o600)
    try {
      writeFileSync(file, `${randomBytes(keyBytes).toString('base64')}\n`)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    linkSync(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

function read(path: string): Buffer {
  const key = Buffer.from(readFileSync(path, 'utf8').trim(), 'base64')
  if (key.length === keyBytes) return key
  throw new FleetError(
    'DATA_DIR_UNUSABLE',
    `The key file ${path} is damaged: it holds ${key.length} bytes, not ${keyBytes}. Restore it from a backup, or move it away and put all credentials again.`,
  )
}
