// The alerts: what needs a person first, then what is over. Told live; what was resolved before the page was opened is asked for.
import { useMemo } from 'preact/hooks'
import type { Alert } from '../../../schemas/alert.ts'
import { api } from '../api.ts'
import { usePolled } from '../polled.ts'
import { alerts } from '../store.ts'
import { EmptyState } from '../ui/empty-state.tsx'
import { Heard } from '../ui/heard.tsx'
import { heldInPlace } from './acknowledge.ts'
import { AlertCard } from './alert-card.tsx'
import { listAlerts, mergeAlerts } from './alert-order.ts'

const recentAlerts = (signal: AbortSignal) =>
  api<{ items: readonly Alert[] }>('/alerts', { query: { limit: 200 }, signal })

export function AlertsPage() {
  const stored = usePolled(recentAlerts, 30_000)
  return (
    <section class="page" aria-labelledby="page-title">
      <h1 id="page-title" class="page-title">
        Alerts
      </h1>
      <Heard polled={stored} what="alerts">
        {({ items }) => <Lists stored={items} onChange={stored.refresh} />}
      </Heard>
    </section>
  )
}

function Lists({
  stored,
  onChange,
}: {
  readonly stored: readonly Alert[]
  readonly onChange: () => Promise<void>
}) {
  const told = alerts.value
  const held = heldInPlace.value
  const { open, over } = useMemo(() => listAlerts(mergeAlerts(stored, told), held), [stored, told, held])
  const acknowledged = open.filter(({ acknowledgedAt }) => acknowledgedAt !== undefined).length
  return (
    <>
      <p class="only-heard" role="status">
        {open.length === 1 ? '1 open alert' : `${open.length} open alerts`}, {acknowledged} acknowledged
      </p>
      <section aria-labelledby="open-alerts">
        <h2 id="open-alerts" class="section-title">
          <span class="figure">{open.length}</span> open
          {acknowledged > 0 && (
            <span class="soft">
              , <span class="figure">{acknowledged}</span> acknowledged
            </span>
          )}
        </h2>
        {open.length === 0 ? (
          <EmptyState title="Nothing needs you">Every alert that was raised is over.</EmptyState>
        ) : (
          <Cards alerts={open} onChange={onChange} />
        )}
      </section>
      {over.length > 0 && (
        <section aria-labelledby="past-alerts">
          <h2 id="past-alerts" class="section-title">
            Over <span class="figure">{over.length}</span>
          </h2>
          <Cards alerts={over} onChange={onChange} />
        </section>
      )}
    </>
  )
}

function Cards({
  alerts,
  onChange,
}: {
  readonly alerts: readonly Alert[]
  readonly onChange: () => Promise<void>
}) {
  return (
    <ul class="alerts">
      {alerts.map((alert) => (
        <li key={alert.id}>
          <AlertCard alert={alert} onChange={onChange} />
        </li>
      ))}
    </ul>
  )
}
