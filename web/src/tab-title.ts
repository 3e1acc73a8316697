// The tab's title says how many need a person, for a reader who looks elsewhere, and where one is; a screen reader hears who came to need one.
import { computed, effect } from '@preact/signals'
import { needsPerson } from '../../src/cli/attention.ts'
import type { Place } from './places.ts'
import { here } from './router.ts'
import { gateways, minute } from './store.ts'
import { lookOf } from './ui/phases.ts'
import { announce } from './ui/toast.tsx'

const inNeed = computed(() =>
  [...gateways.value.values()].filter((gateway) => needsPerson(gateway, minute.value)),
)

/** Begins to keep the title; once per page. */
export function keepTitle(): void {
  let known = new Set<string>()
  effect(() => {
    const members = inNeed.value
    document.title = `${members.length === 0 ? '' : `(${members.length}) `}${placeName(here.value)}IB Gateway Manager`
    const fresh = members.filter(({ followerId }) => !known.has(followerId))
    known = new Set(members.map(({ followerId }) => followerId))
    const [first] = fresh
    if (fresh.length === 1 && first)
      announce(`${first.followerId} needs a person: ${lookOf(first, minute.peek()).words}`)
    else if (fresh.length > 1) announce(`${fresh.length} accounts came to need a person`)
  })
}

function placeName(place: Place): string {
  switch (place.page) {
    case 'gateway':
      return `${place.followerId} · `
    case 'alerts':
      return 'Alerts · '
    case 'market-data':
      return 'Market data · '
    case 'system':
      return 'System · '
    default:
      return ''
  }
}
