// A panel with a title, and facts in it: a name and what it is, line by line.
import type { ComponentChildren } from 'preact'

export interface PanelProps {
  readonly title: string
  /** Over the whole width, as a table needs it. */
  readonly wide?: boolean
  readonly children: ComponentChildren
}

export function Panel({ title, wide = false, children }: PanelProps) {
  const id = `panel-${title.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`
  return (
    <section class={`panel${wide ? ' panel-wide' : ''}`} aria-labelledby={id}>
      <h2 id={id} class="section-title">
        {title}
      </h2>
      {children}
    </section>
  )
}

export type Fact = readonly [name: string, value: ComponentChildren]

export function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name} class="fact">
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** A table that scrolls by itself where it is wider than its place; by keyboard, too. */
export function WideTable({
  label,
  children,
}: {
  readonly label: string
  readonly children: ComponentChildren
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <section class="wide-table" aria-label={label} tabIndex={0}>
      <table class="table">{children}</table>
    </section>
  )
}
