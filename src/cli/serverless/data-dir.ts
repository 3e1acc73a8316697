// What a DATA_DIR tells of its manager without being it: the id, and whether it lives.
import { existsSync } from 'node:fs'

export interface DataDirState {
  /** undefined before the first start. */
  readonly managerId: string | undefined
  /** Who holds it, in words; undefined when nobody does. */
  readonly heldBy: string | undefined
}

/** null when there is no such folder. */
export async function readDataDir(dataDir: string): Promise<DataDirState | null> {
  if (!existsSync(dataDir)) return null
  const { readStoreState } = await import('../../adapters/embedded/inspect.ts')
  return readStoreState(dataDir)
}
