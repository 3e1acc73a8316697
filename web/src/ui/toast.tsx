// Short news of what an action came to, at the edge of the page and in the ear of a screen reader.
import { signal } from '@preact/signals'

interface Toast {
  readonly id: number
  readonly tone: 'good' | 'bad'
  readonly text: string
}

const toasts = signal<readonly Toast[]>([])
const announced = signal('')
let count = 0

const shownMs = { good: 5_000, bad: 15_000 }

/** Says that something was done, or (`bad`) what stands in its way. */
export function toast(text: string, tone: Toast['tone'] = 'good'): void {
  const id = ++count
  toasts.value = [...toasts.value.slice(-3), { id, tone, text }]
  setTimeout(() => dismiss(id), shownMs[tone])
}

/** Says something to screen readers only. */
export function announce(text: string): void {
  announced.value = text
}

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((shown) => shown.id !== id)
}

/** Once in the page. */
export function Toasts() {
  return (
    <>
      <div class="toasts" role="status" aria-live="polite">
        {toasts.value.map(({ id, tone, text }) => (
          <div key={id} class={`toast toast-${tone}`}>
            <span class="toast-text">{text}</span>
            <button type="button" class="toast-close" aria-label="Dismiss" onClick={() => dismiss(id)}>
              ×
            </button>
          </div>
        ))}
      </div>
      <div class="only-heard" role="status" aria-live="polite">
        {announced.value}
      </div>
    </>
  )
}
