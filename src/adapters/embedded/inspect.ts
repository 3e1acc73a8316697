// What a DATA_DIR tells of its manager to a process that is not it, without changing anything there.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { open } from 'lmdb'
import { describeHolder } from '../../ports/lock-holder.ts'
import { managerIdConstant } from '../../ports/stores.ts'
import { checkStoreFile, dataDirUnusable } from './data-dir.ts'
import { lockHolder } from './data-dir-lock.ts'
import { constantsTable, storeFile } from './database.ts'
import { readProcesses } from './processes.ts'

/** `managerId` is undefined before the first start; `heldBy` names a living holder, in words. DATA_DIR_UNUSABLE. */
export async function readStoreState(
  dataDir: string,
): Promise<{ managerId: string | undefined; heldBy: string | undefined }> {
  const holder = await lockHolder(dataDir, { processes: readProcesses(), now: Date.now() })
  return {
    managerId: holder?.managerId ?? (await storedManagerId(dataDir)),
    heldBy: holder ? describeHolder(holder) : undefined,
  }
}

async function storedManagerId(dataDir: string): Promise<string | undefined> {
  const path = join(dataDir, storeFile)
  if (!statSync(path, { throwIfNoEntry: false })?.size) return undefined
  checkStoreFile(dataDir, path)
  try {
    const root = open({ path, encoding: 'string', maxDbs: 16, readOnly: true })
    try {
      const stored = root
        .openDB<string, string>({ name: constantsTable, encoding: 'string' })
        ?.get(managerIdConstant)
      return stored === undefined ? undefined : (JSON.parse(stored) as string)
    } finally {
      await root.close()
    }
  } catch (error) {
    throw dataDirUnusable(dataDir, error, path)
  }
}
