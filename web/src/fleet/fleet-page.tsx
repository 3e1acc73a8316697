// The fleet: in words how it is, then every gateway, what needs a person first.
import { computed, signal } from '@preact/signals'
import type { Gateway } from '../../../schemas/gateway.ts'
import type { GroupName } from '../../../src/cli/attention.ts'
import { retryNow } from '../live.ts'
import { connection, gateways, loaded, minute } from '../store.ts'
import { Button } from '../ui/button.tsx'
import { EmptyState, Loading } from '../ui/empty-state.tsx'
import { groupFleet, matchesSearch } from './attention.ts'
import { BulkBar } from './bulk-bar.tsx'
import { FleetTools } from './fleet-tools.tsx'
import { GatewayRow } from './gateway-row.tsx'
import { Headline } from './headline.tsx'
import { VirtualList } from './virtual-list.tsx'

const groupTitles: Readonly<Record<GroupName, string>> = {
  person: 'Needs a person',
  recovering: 'Recovering by itself',
  starting: 'On its way',
  watch: 'Running, but look',
  running: 'Running',
  stopped: 'Stopped',
}

type Item =
  | {
      readonly key: string
      readonly kind: 'heading'
      readonly reachable: false
      readonly name: GroupName
      readonly count: number
    }
  | { readonly key: string; readonly kind: GroupName; readonly reachable: true; readonly gateway: Gateway }

const search = signal('')
const only = signal<GroupName | undefined>(undefined)

const groups = computed(() => groupFleet(gateways.value.values(), minute.value))

const shown = computed(() =>
  groups.value
    .filter(({ name }) => only.value === undefined || name === only.value)
    .map(({ name, gateways: members }) => ({
      name,
      gateways: members.filter((gateway) => matchesSearch(gateway, search.value)),
    }))
    .filter((group) => group.gateways.length > 0),
)

const items = computed(() =>
  shown.value.flatMap(({ name, gateways: members }): Item[] => [
    { key: `heading ${name}`, kind: 'heading', reachable: false, name, count: members.length },
    ...members.map((gateway): Item => ({ key: gateway.followerId, kind: name, reachable: true, gateway })),
  ]),
)

export function FleetPage() {
  if (!loaded.value) return <NotLoaded />
  if (gateways.value.size === 0) return <EmptyFleet />
  return (
    <section class="fleet" aria-label="Fleet">
      <Headline groups={groups.value} />
      <FleetTools search={search} only={only} groups={groups.value} titles={groupTitles} />
      {items.value.length === 0 ? (
        <NothingFound />
      ) : (
        <VirtualList
          label="Gateways, what needs a person first"
          items={items.value}
          renderItem={renderItem}
        />
      )}
      <BulkBar shown={shown.value.flatMap((group) => group.gateways)} />
    </section>
  )
}

function renderItem(item: Item) {
  if ('gateway' in item) return <GatewayRow gateway={item.gateway} />
  return (
    <h2 class={`group-title group-title-${item.name}`}>
      {groupTitles[item.name]} <span class="figure">{item.count}</span>
    </h2>
  )
}

function NotLoaded() {
  const { state, detail } = connection.value
  if (state !== 'stale') return <Loading what="the fleet" />
  return (
    <EmptyState tone="bad" title="The fleet cannot be shown">
      <p>{detail}</p>
      <Button onPress={retryNow}>Try now</Button>
    </EmptyState>
  )
}

function NothingFound() {
  const all = () => {
    search.value = ''
    only.value = undefined
  }
  return (
    <EmptyState title={search.value ? `No gateway answers “${search.value}”` : 'No gateway is in this state'}>
      <Button onPress={all}>Show all {gateways.value.size}</Button>
    </EmptyState>
  )
}

function EmptyFleet() {
  return (
    <EmptyState title="No gateways yet">
      <p>A follower is an account with a gateway of its own. Make the first on the command line:</p>
      <pre class="example">npx ibgm followers create paper-1{'\n'}npx ibgm followers credentials paper-1</pre>
      <p>
        or with <a href="/docs">the API</a>. It appears here at once.
      </p>
    </EmptyState>
  )
}
