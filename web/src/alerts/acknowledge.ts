// Acknowledging an alert. Its card keeps its place for a moment: the second press of a double click must not meet the next alert.
import { signal } from '@preact/signals'
import type { Alert } from '../../../schemas/alert.ts'
import { api } from '../api.ts'
import { asProblem } from '../polled.ts'
import { toast } from '../ui/toast.tsx'

/** Ids of alerts whose cards stay where they are, though acknowledged. */
export const heldInPlace = signal<ReadonlySet<string>>(new Set())

const heldMs = 1_500

/** Acknowledges, and says what came of it; `onDone` runs before the card leaves its place. Never throws. */
export async function acknowledge({ id, title }: Alert, onDone: () => Promise<void>): Promise<void> {
  heldInPlace.value = new Set([...heldInPlace.value, id])
  try {
    await api<Alert>(`/alerts/${encodeURIComponent(id)}/acknowledge`, { method: 'POST' })
    toast(`Acknowledged: ${title}`)
    await onDone()
  } catch (error) {
    toast(`“${title}” could not be acknowledged. ${asProblem(error).detail}`, 'bad')
  } finally {
    setTimeout(() => release(id), heldMs)
  }
}

function release(id: string): void {
  heldInPlace.value = new Set([...heldInPlace.value].filter((held) => held !== id))
}
