// A button that says while it is busy, and cannot be pressed twice meanwhile; one that makes no sense now says why when it is pressed.
import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { toast } from './toast.tsx'

export interface ButtonProps {
  readonly children: ComponentChildren
  /** While the promise is open the button is busy. */
  readonly onPress: () => unknown
  readonly tone?: 'plain' | 'primary' | 'danger' | 'quiet'
  readonly disabled?: boolean
  /** What screen readers say instead of the text. */
  readonly label?: string
  /** Why it cannot be pressed now: shown on hover and told when it is pressed all the same, as by a finger, which cannot hover. */
  readonly whyNot?: string
}

export function Button({ children, onPress, tone = 'plain', disabled = false, label, whyNot }: ButtonProps) {
  const busy = useSignal(false)
  const press = async () => {
    if (busy.value) return
    if (whyNot !== undefined) return toast(whyNot)
    busy.value = true
    try {
      await onPress()
    } finally {
      busy.value = false
    }
  }
  return (
    <button
      type="button"
      class={`button button-${tone}`}
      disabled={disabled}
      aria-busy={busy.value}
      aria-disabled={whyNot !== undefined || undefined}
      aria-label={label}
      title={whyNot}
      onClick={() => void press()}
    >
      {children}
    </button>
  )
}
