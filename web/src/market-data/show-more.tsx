// Long lists are drawn piece by piece: a page of thousands of rows is slow, and nobody reads it.
import { type Signal, useSignal } from '@preact/signals'
import { Button } from '../ui/button.tsx'

const rowsAtFirst = 50
const rowsMore = 500

/** How many rows to draw; `ShowMore` raises it. */
export function useRowsShown(): Signal<number> {
  return useSignal(rowsAtFirst)
}

/** Nothing when all are drawn. */
export function ShowMore({ shown, of }: { readonly shown: Signal<number>; readonly of: number }) {
  if (of <= shown.value) return null
  return (
    <Button
      onPress={() => {
        shown.value += rowsMore
      }}
    >
      Show more
    </Button>
  )
}
