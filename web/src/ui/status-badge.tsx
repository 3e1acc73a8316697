// The mark of a state: a shape, a colour and a word, so that none of them is needed alone.
import type { Gateway } from '../../../schemas/gateway.ts'
import { minute } from '../store.ts'
import { lookOf, type Tone } from './phases.ts'

/** Shapes tell the tones apart without colour: disc, ring, triangle, diamond, half disc, arrow ring. */
const shapes: Readonly<Record<Tone, string>> = {
  good: 'M8 3a5 5 0 1 1 0 10a5 5 0 0 1 0-10Z',
  off: 'M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 0 1 0-11Zm0 2a3.5 3.5 0 1 0 0 7a3.5 3.5 0 0 0 0-7Z',
  trouble: 'M8 2l6.5 11.5h-13Z',
  person: 'M8 .8L15.2 8L8 15.2L.8 8Zm-1 3.4v4.6h2V4.2Zm0 5.8v2h2v-2Z',
  warn: 'M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 0 1 0-11Zm0 2v7a3.5 3.5 0 0 0 0-7Z',
  moving:
    'M8 2.5a5.5 5.5 0 0 1 5.5 5.5h-2A3.5 3.5 0 0 0 8 4.5ZM8 13.5A5.5 5.5 0 0 1 2.5 8h2A3.5 3.5 0 0 0 8 11.5Z',
}

/** The shape alone; the word must stand beside it. */
export function Mark({ tone }: { readonly tone: Tone }) {
  return (
    <svg
      class={`mark mark-${tone}`}
      viewBox="0 0 16 16"
      width="14"
      height="14"
      aria-hidden="true"
      focusable="false"
    >
      <path fill-rule="evenodd" d={shapes[tone]} />
    </svg>
  )
}

/** Mark and words of a gateway's phase. */
export function StatusBadge({ gateway }: { readonly gateway: Gateway }) {
  const { words, tone } = lookOf(gateway, minute.value)
  return (
    <span class={`status status-${tone}`}>
      <Mark tone={tone} />
      <span class="status-words">{words}</span>
    </span>
  )
}

/** `live` stands out, `paper` does not. */
export function ModeMark({ mode }: { readonly mode: Gateway['tradingMode'] }) {
  return <span class={`mode mode-${mode}`}>{mode}</span>
}
