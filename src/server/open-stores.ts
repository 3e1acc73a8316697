// Part of the composition root: the configured store, who we are in it, and how to become its one manager.
import { randomBytes, randomUUID } from 'node:crypto'
import { createDataDirLock } from '../adapters/embedded/data-dir-lock.ts'
import { openEmbeddedStores } from '../adapters/embedded/stores.ts'
import type { Config, Secrets } from '../config.ts'
import { rememberedIn } from '../fleet/records/last-known.ts'
import { FleetError, isFleetError } from '../ports/errors.ts'
import type { LockDeps } from '../ports/manager-lock.ts'
import { managerIdConstant, type Stores } from '../ports/stores.ts'

const digestKeyConstant = 'digestKey'
const makeDigestKey = () => randomBytes(32).toString('base64')

export interface OpenedStores {
  readonly stores: Stores
  readonly managerId: string
  readonly digestKey: string
  /** Takes the store's lock, as ManagerLock.acquire does; STORE_UNAVAILABLE while it is away, STORE_LOCKED when another manager has it. */
  readonly takeCharge: (signal: AbortSignal) => Promise<number | undefined>
  /** Followers and wishes as last known, where the store is elsewhere. */
  readonly lastKnown?: Stores
  close(): Promise<void>
}

/** Opens DATA_DIR (its lock is ours from now on) and, without waiting for it, the database. Rejects with nothing left open. */
export async function openStores(config: Config, secrets: Secrets, deps: LockDeps): Promise<OpenedStores> {
  const { dataDir } = config
  const dataDirLock = createDataDirLock({ ...deps, dataDir })
  const local = await openEmbeddedStores({ ...deps, dataDir })
  const closers: Array<() => Promise<void>> = [() => local.close()]
  const close = async () => {
    for (const each of closers.splice(0).reverse()) await each()
  }
  try {
    const provisionalId = config.managerId ?? (await local.constant(managerIdConstant, randomUUID))
    await dataDirLock.acquire(provisionalId, new AbortController().signal)
    closers.push(() => dataDirLock.release())
    if (config.store.kind === 'embedded') {
      const digestKey = await local.constant(digestKeyConstant, makeDigestKey)
      const takeCharge = (signal: AbortSignal) => local.lock.acquire(provisionalId, signal)
      closers.push(() => local.lock.release())
      return { stores: local, managerId: provisionalId, digestKey, takeCharge, close }
    }
    // Loaded when asked for: the driver alone takes 0.2 s.
    const { openMongoStores } = await import('../adapters/mongo/stores.ts')
    const url = secrets.mongodbUrl ?? ''
    const remote = await openMongoStores({ ...deps, url, database: config.store.database })
    closers.push(() => remote.close())
    closers.push(() => releaseQuietly(remote, deps))
    const { managerId, digestKey } = await whoWeAre(config, local, remote)
    const takeCharge = async (signal: AbortSignal) => {
      await confirm(remote, config, managerId, digestKey)
      return remote.lock.acquire(managerId, signal)
    }
    return {
      stores: rememberedIn(local, remote, deps.log),
      managerId,
      digestKey,
      takeCharge,
      lastKnown: local,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** From the database, else from the copy in DATA_DIR, which is made to agree with it. */
async function whoWeAre(
  config: Config,
  local: Stores,
  remote: Stores,
): Promise<{ managerId: string; digestKey: string }> {
  const known = async (name: string, make: () => string) => {
    const fallback = await local.constant(name, make)
    return remote
      .constant(name, () => fallback)
      .catch((error) => {
        if (isFleetError(error, 'STORE_UNAVAILABLE')) return fallback
        throw error
      })
  }
  const managerId = config.managerId ?? (await known(managerIdConstant, randomUUID))
  return { managerId, digestKey: await known(digestKeyConstant, makeDigestKey) }
}

/** A first start without the database made its name up: the one that the database knows is the right one. */
async function confirm(remote: Stores, config: Config, managerId: string, digestKey: string): Promise<void> {
  const storedId = config.managerId ?? (await remote.constant(managerIdConstant, () => managerId))
  const storedKey = await remote.constant(digestKeyConstant, () => digestKey)
  if (storedId === managerId && storedKey === digestKey) return
  throw new FleetError(
    'STORE_LOCKED',
    `This manager started while the database was away and took the name ${managerId}; the database knows it as ${storedId}. Start it again: it then takes that name.`,
  )
}

/** A database that is away keeps the lock document; the next manager here takes it over at once. */
async function releaseQuietly(remote: Stores, { log }: LockDeps): Promise<void> {
  await remote.lock.release().catch((err) => log.warn({ err }, 'lock not given back'))
}
