// The header: where one is, how the fleet is, whether what is shown is fresh.
import { computed } from '@preact/signals'
import { retryNow } from './live.ts'
import { addressOf, type Place } from './places.ts'
import { SimulatedMark } from './simulated.tsx'
import { connection, gateways, loaded, managerNow, now, openAlerts } from './store.ts'
import { countdown, spanWords } from './ui/duration.ts'
import type { Tone } from './ui/phases.ts'
import { Mark } from './ui/status-badge.tsx'

const pages = [
  { page: 'fleet', label: 'Fleet' },
  { page: 'alerts', label: 'Alerts' },
  { page: 'market-data', label: 'Market data' },
  { page: 'system', label: 'System' },
] as const

const counts = computed(() => {
  const found = { RUNNING: 0, STARTING: 0, FAILED: 0, STOPPED: 0 }
  for (const { status } of gateways.value.values()) found[status] += 1
  return found
})

const countLooks: ReadonlyArray<readonly [keyof typeof counts.value, string, Tone]> = [
  ['FAILED', 'failed', 'person'],
  ['STARTING', 'starting', 'moving'],
  ['RUNNING', 'running', 'good'],
  ['STOPPED', 'stopped', 'off'],
]

export function Header({ place }: { readonly place: Place }) {
  return (
    <header class="header">
      <div class="header-row">
        <a class="brand" href="#/" aria-label="ibgm: IB Gateway Manager, to the fleet">
          <span class="brand-short">ibgm</span>
        </a>
        <nav class="nav" aria-label="Pages">
          {pages.map(({ page, label }) => (
            <a
              key={page}
              class="nav-link"
              href={addressOf({ page })}
              aria-current={isAt(place, page) ? 'page' : undefined}
            >
              {label}
              {page === 'alerts' && <AlertCount />}
            </a>
          ))}
        </nav>
        {loaded.value && <SimulatedMark />}
        <FleetCounts />
        <ConnectionState />
      </div>
      <StaleBanner />
    </header>
  )
}

function isAt(place: Place, page: string): boolean {
  return place.page === page || (place.page === 'gateway' && page === 'fleet')
}

function AlertCount() {
  const open = openAlerts.value.filter((alert) => alert.acknowledgedAt === undefined).length
  if (open === 0) return null
  return (
    <span class="nav-count" title={`${open} unacknowledged`}>
      {open}
      <span class="only-heard"> unacknowledged</span>
    </span>
  )
}

function FleetCounts() {
  if (!loaded.value) return <div class="counts" />
  return (
    <ul class="counts" aria-label="Gateways by status">
      {countLooks.map(([status, word, tone]) => (
        <li key={status} class={`count count-${counts.value[status] === 0 ? 'none' : tone}`}>
          <Mark tone={tone} />
          <span class="figure">{counts.value[status]}</span> <span class="count-word">{word}</span>
        </li>
      ))}
    </ul>
  )
}

function ConnectionState() {
  const { state } = connection.value
  const words = { connecting: 'Connecting', live: 'Live', stale: 'Stale', closed: 'Closed' }[state]
  return (
    <span class={`connection connection-${state}`} role="status">
      <Mark tone={state === 'live' ? 'good' : state === 'stale' ? 'trouble' : 'moving'} />
      {words}
    </span>
  )
}

/** Plainly, over everything: what is shown is of then. */
function StaleBanner() {
  const { state, since, detail, retryAt } = connection.value
  if (state !== 'stale') return null
  const age = now.value - since
  const left = retryAt === undefined ? undefined : retryAt - (now.value - (managerNow() - Date.now()))
  return (
    <section class="stale" aria-label="Connection">
      <p class="stale-words">
        <strong>
          {loaded.value
            ? `Not live for ${spanWords(age)}: what you see is that old.`
            : 'The manager does not answer.'}
        </strong>{' '}
        {detail}{' '}
        {left !== undefined && (
          <span class="figure">{left > 0 ? `Next try in ${countdown(left)}.` : 'Trying…'}</span>
        )}
      </p>
      <button type="button" class="button button-plain" onClick={retryNow}>
        Try now
      </button>
    </section>
  )
}
