// A list of any length of which only what is in sight exists. It scrolls with the page; rows may have any height, which is measured.
import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { offsetsOf, type Range, rangeInSight } from './sight.ts'

export interface ListItem {
  readonly key: string
  /** Items of a kind are about as high as each other. */
  readonly kind: string
  /** Arrow keys stop here. */
  readonly reachable: boolean
}

export interface VirtualListProps<T extends ListItem> {
  readonly items: readonly T[]
  readonly label: string
  readonly renderItem: (item: T) => ComponentChildren
}

/** Where a row of an unknown kind is guessed to end, in px; right after its first rendering. */
const guessedHeight = 64

export function VirtualList<T extends ListItem>({ items, label, renderItem }: VirtualListProps<T>) {
  const list = useRef<HTMLUListElement>(null)
  const heights = useRef(new Map<string, number>()).current
  const kindHeights = useRef(new Map<string, number>()).current
  const [, measured] = useState(0)
  const [sight, setSight] = useState<Range>({ first: 0, last: 30 })
  const focused = useRef<string | undefined>(undefined)

  const offsets = offsetsOf(
    items,
    ({ key, kind }) => heights.get(key) ?? kindHeights.get(kind) ?? guessedHeight,
  )
  const current = useRef({ items, offsets })
  current.current = { items, offsets }

  const look = () => {
    const element = list.current
    if (!element) return
    const top = -element.getBoundingClientRect().top
    const next = rangeInSight(current.current.offsets, top, top + window.innerHeight)
    setSight((before) => (before.first === next.first && before.last === next.last ? before : next))
  }

  useEffect(() => {
    window.addEventListener('scroll', look, { passive: true })
    window.addEventListener('resize', look)
    return () => {
      window.removeEventListener('scroll', look)
      window.removeEventListener('resize', look)
    }
  }, [])
  useLayoutEffect(look)

  const observer = useRef<ResizeObserver | undefined>(undefined)
  observer.current ??= new ResizeObserver((entries) => {
    let changed = false
    for (const { target, borderBoxSize } of entries) {
      const { key, kind } = (target as HTMLElement).dataset
      const height = borderBoxSize[0]?.blockSize ?? 0
      if (key === undefined || kind === undefined || height === 0) continue
      kindHeights.set(kind, height)
      if (Math.abs((heights.get(key) ?? 0) - height) < 0.5) continue
      heights.set(key, height)
      changed = true
    }
    if (changed) measured((times) => times + 1)
  })
  useEffect(() => () => observer.current?.disconnect(), [])

  // A row that moved in the order must not lose the focus, nor one that scrolled out of sight.
  useLayoutEffect(() => {
    if (focused.current !== undefined && document.activeElement === document.body)
      focusRow(list.current, focused.current)
  })

  const go = (from: number, step: 1 | -1) => {
    for (let i = from; i >= 0 && i < items.length; i += step) {
      const item = items[i]
      if (item?.reachable) return reach(item.key, i)
    }
  }
  const reach = (key: string, index: number) => {
    focused.current = key
    if (focusRow(list.current, key)) return
    const top = (list.current?.getBoundingClientRect().top ?? 0) + window.scrollY
    window.scrollTo(0, top + (offsets[index] ?? 0) - window.innerHeight / 2)
    setSight(rangeInSight(offsets, offsets[index] ?? 0, offsets[index] ?? 0))
    requestAnimationFrame(() => focusRow(list.current, key))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    const key = (event.target as HTMLElement).closest<HTMLElement>('[data-key]')?.dataset.key
    const at = items.findIndex((item) => item.key === key)
    if (event.key === 'ArrowDown' || event.key === 'j') go(at + 1, 1)
    else if (event.key === 'ArrowUp' || event.key === 'k') go(at - 1, -1)
    else if (event.key === 'Home') go(0, 1)
    else if (event.key === 'End') go(items.length - 1, -1)
    else return
    event.preventDefault()
  }

  // From a page without a focus, and down from the search: to the first row in sight. Held in a reference, as rows come and go.
  const enter = useRef((_event: KeyboardEvent) => {})
  enter.current = (event) => {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
    const isDown = event.key === 'ArrowDown'
    const from = (selector: string) => event.target instanceof Element && event.target.matches(selector)
    // A page that was come to by a link has its focus on `main`.
    const isNowhere = from('body, main') && (isDown || event.key === 'ArrowUp')
    if (!isNowhere && !(isDown && from('input[type=search]'))) return
    const top = -(list.current?.getBoundingClientRect().top ?? 0)
    const first = offsets.findIndex((offset) => offset >= top)
    if (first < 0) return
    event.preventDefault()
    go(first, 1)
  }
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => enter.current(event)
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])

  const shown = items.slice(sight.first, sight.last).map((item, i) => ({ item, index: sight.first + i }))
  const held = items.findIndex(({ key }) => key === focused.current)
  const heldItem = items[held]
  if (heldItem && held < sight.first) shown.unshift({ item: heldItem, index: held })
  else if (heldItem && held >= sight.last) shown.push({ item: heldItem, index: held })

  return (
    <ul
      ref={list}
      class="virtual-list"
      aria-label={label}
      style={{ height: `${offsets[items.length] ?? 0}px` }}
      onKeyDown={onKeyDown}
      onFocusIn={(event) => {
        focused.current = (event.target as HTMLElement).closest<HTMLElement>('[data-key]')?.dataset.key
      }}
      onFocusOut={(event) => {
        if (event.relatedTarget !== null) focused.current = undefined
      }}
    >
      {shown.map(({ item, index }) => (
        <Placed
          key={item.key}
          item={item}
          index={index}
          size={items.length}
          top={offsets[index] ?? 0}
          observer={observer.current}
        >
          {renderItem(item)}
        </Placed>
      ))}
    </ul>
  )
}

interface PlacedProps {
  readonly item: ListItem
  readonly index: number
  readonly size: number
  readonly top: number
  readonly observer: ResizeObserver | undefined
  readonly children: ComponentChildren
}

function Placed({ item, index, size, top, observer, children }: PlacedProps) {
  const element = useRef<HTMLLIElement>(null)
  useEffect(() => {
    const observed = element.current
    if (!observed) return
    observer?.observe(observed)
    return () => observer?.unobserve(observed)
  }, [observer])
  return (
    <li
      ref={element}
      class="virtual-row"
      data-key={item.key}
      data-kind={item.kind}
      aria-setsize={size}
      aria-posinset={index + 1}
      style={{ transform: `translateY(${top}px)` }}
    >
      {children}
    </li>
  )
}

/** The row's link has its focus; false when the row does not exist now. */
function focusRow(list: HTMLElement | null, key: string): boolean {
  const link = list?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"] a`)
  link?.focus()
  return link !== null && link !== undefined
}
