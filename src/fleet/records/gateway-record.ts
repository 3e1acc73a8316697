// The one way to change a gateway's stored record: the store first, then the memory, one change after the other.
import type { GatewayRecord, Stores } from '../../ports/stores.ts'
import type { Keeper } from '../reconcile/keeper.ts'

/**
 * Changes the stored record and the one in memory, in that order, one change after the other. A function decides when its turn has come, after whoever
 * asked for the change before has gone on. True when there was anything to write.
 */
export function remember(
  keeper: Keeper,
  { stores }: { readonly stores: Stores },
  change: Partial<GatewayRecord> | (() => Partial<GatewayRecord>),
): Promise<boolean> {
  const write = keeper.writing.then(async () => {
    const wanted = typeof change === 'function' ? change() : change
    const same = Object.entries(wanted).every(
      ([key, value]) => keeper.record[key as keyof GatewayRecord] === value,
    )
    if (same) return false
    const changed = { ...keeper.record, ...wanted }
    keeper.isRecordUnsure = true
    await stores.gateways.put(changed)
    keeper.record = changed
    keeper.isRecordUnsure = false
    return true
  })
  keeper.writing = write.then(
    () => undefined,
    () => undefined,
  )
  return write
}

/**
 * After a write that failed the store may hold what was asked for all the same, which would take effect when another manager reads it, hours later.
 * Who asked was told that it failed, so the record in memory is written over it.
 */
export function assertRecord(keeper: Keeper, { stores }: { readonly stores: Stores }): Promise<void> {
  const write = keeper.writing.then(async () => {
    if (!keeper.isRecordUnsure || keeper.deleting) return
    await stores.gateways.put(keeper.record)
    keeper.isRecordUnsure = false
  })
  keeper.writing = write.catch(() => undefined)
  return write
}
