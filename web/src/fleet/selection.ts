// Which gateways are chosen for a bulk action, while the reader chooses.
import { signal } from '@preact/signals'

/** Absent: the reader does not choose now, and no row has a box. */
export const selection = signal<ReadonlySet<string> | undefined>(undefined)

export function toggleSelected(followerId: string): void {
  const before = selection.peek()
  if (!before) return
  const after = new Set(before)
  if (!after.delete(followerId)) after.add(followerId)
  selection.value = after
}
