// What narrows the fleet down: words, and one group; and the way into choosing many.
import type { Signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { GroupName } from '../../../src/cli/attention.ts'
import type { Group } from './attention.ts'
import { selection } from './selection.ts'

export interface FleetToolsProps {
  readonly search: Signal<string>
  readonly only: Signal<GroupName | undefined>
  readonly groups: readonly Group[]
  readonly titles: Readonly<Record<GroupName, string>>
}

export function FleetTools({ search, only, groups, titles }: FleetToolsProps) {
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    // As in many places: a slash begins a search.
    const onKey = (event: KeyboardEvent) => {
      const busy =
        event.target instanceof HTMLElement && event.target.closest('input, textarea, select, dialog')
      if (event.key !== '/' || busy || event.ctrlKey || event.metaKey) return
      event.preventDefault()
      field.current?.focus()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
  return (
    <div class="tools">
      <input
        ref={field}
        class="input tools-search"
        type="search"
        aria-label="Search the fleet"
        placeholder="Search id, name, account, state…"
        spellcheck={false}
        autocomplete="off"
        value={search.value}
        onInput={(event) => {
          search.value = event.currentTarget.value
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape') search.value = ''
        }}
      />
      <fieldset class="chips">
        <legend class="only-heard">Show only</legend>
        {(groups.length > 1 || only.value ? groups : []).map(({ name, gateways }) => (
          <button
            key={name}
            type="button"
            class="chip"
            aria-pressed={only.value === name}
            onClick={() => {
              only.value = only.value === name ? undefined : name
            }}
          >
            {titles[name]} <span class="figure">{gateways.length}</span>
          </button>
        ))}
      </fieldset>
      <button
        type="button"
        class="button button-plain tools-select"
        aria-pressed={selection.value !== undefined}
        onClick={() => {
          selection.value = selection.value ? undefined : new Set()
        }}
      >
        {selection.value ? 'Done' : 'Select'}
      </button>
    </div>
  )
}
