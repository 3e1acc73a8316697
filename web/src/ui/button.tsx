// A button that says while it is busy, and cannot be pressed twice meanwhile.
import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'

export interface ButtonProps {
  readonly children: ComponentChildren
  /** While the promise is open the button is busy. */
  readonly onPress: () => unknown
  readonly tone?: 'plain' | 'primary' | 'danger' | 'quiet'
  readonly disabled?: boolean
  /** What screen readers say instead of the text. */
  readonly label?: string
  readonly title?: string
}

export function Button({ children, onPress, tone = 'plain', disabled = false, label, title }: ButtonProps) {
  const busy = useSignal(false)
  const press = async () => {
    if (busy.value) return
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
      aria-label={label}
      title={title}
      onClick={() => void press()}
    >
      {children}
    </button>
  )
}
