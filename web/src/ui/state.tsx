// The state of anything but a gateway: a mark, and words of its own.
import type { ComponentChildren } from 'preact'
import type { Tone } from './phases.ts'
import { Mark } from './status-badge.tsx'

export function State({ tone, children }: { readonly tone: Tone; readonly children: ComponentChildren }) {
  return (
    <span class={`status state status-${tone}`}>
      <Mark tone={tone} />
      <span>{children}</span>
    </span>
  )
}
