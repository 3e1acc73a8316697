// What stands where there is nothing to show: why, and what to do about it.
import type { ComponentChildren } from 'preact'

export interface EmptyStateProps {
  readonly title: string
  readonly children?: ComponentChildren
  readonly tone?: 'plain' | 'bad'
}

export function EmptyState({ title, children, tone = 'plain' }: EmptyStateProps) {
  return (
    <div class={`empty empty-${tone}`} role={tone === 'bad' ? 'alert' : undefined}>
      <p class="empty-title">{title}</p>
      {children !== undefined && <div class="empty-text">{children}</div>}
    </div>
  )
}

/** While the first answer is awaited. */
export function Loading({ what }: { readonly what: string }) {
  return (
    <div class="loading" role="status">
      Loading {what}…
    </div>
  )
}
