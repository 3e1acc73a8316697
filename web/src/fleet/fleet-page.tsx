// The fleet: what needs a person first.
import { computed } from '@preact/signals'
import { gateways, loaded } from '../store.ts'
import { EmptyState, Loading } from '../ui/empty-state.tsx'
import { groupFleet } from './attention.ts'

const groups = computed(() => groupFleet(gateways.value.values()))

export function FleetPage() {
  if (!loaded.value) return <Loading what="the fleet" />
  if (gateways.value.size === 0) return <EmptyState title="No gateways yet" />
  return (
    <section class="page" aria-label="Fleet">
      {groups.value.map(({ name, gateways: members }) => (
        <p key={name}>
          {name} {members.length}
        </p>
      ))}
    </section>
  )
}
