// What happened to this gateway and who asked for it: the audit history of the last day, newest first, going on by itself.
import { useComputed, useSignal } from '@preact/signals'
import { useCallback } from 'preact/hooks'
import type { FleetEvent } from '../../../schemas/event.ts'
import { api } from '../api.ts'
import { usePolled } from '../polled.ts'
import { history, managerNow } from '../store.ts'
import { Button } from '../ui/button.tsx'
import { Panel } from '../ui/facts.tsx'
import { Heard } from '../ui/heard.tsx'
import { Moment, Zone } from '../ui/time.tsx'
import { merged } from './events.ts'

const day = 24 * 3_600_000
const pageSize = 1000
/** More than this in one day is a loop, whose end says enough. */
const mostPages = 5
const firstShown = 15

export function RecentEvents({ followerId }: { readonly followerId: string }) {
  const ask = useCallback((signal: AbortSignal) => lastDay(followerId, signal), [followerId])
  // The stream tells what is new; asking again only closes what a long break has cut.
  const polled = usePolled(ask, 600_000)
  const live = useComputed(() => history.value.filter((event) => event.followerId === followerId))
  return (
    <Panel title="History">
      <Zone />
      <Heard polled={polled} what="history">
        {(asked) => <Events events={merged(asked, live.value)} />}
      </Heard>
    </Panel>
  )
}

function Events({ events }: { readonly events: readonly FleetEvent[] }) {
  const isWhole = useSignal(false)
  if (events.length === 0) return <p class="soft">Nothing in the last 24 hours.</p>
  const shown = isWhole.value ? events : events.slice(0, firstShown)
  return (
    <>
      <ol class="events">
        {shown.map(({ id, at, type, actor, message }) => (
          <li key={id} class="event">
            <span class="event-at soft">
              <Moment at={at} />
            </span>
            <span class="event-words">
              {message}
              {actor !== undefined && actor !== 'manager' && (
                <span class="soft">
                  {' '}
                  by <bdi>{actor}</bdi>
                </span>
              )}
            </span>
            <span class="event-type mono soft">{type}</span>
          </li>
        ))}
      </ol>
      {events.length > firstShown && (
        <Button
          tone="quiet"
          onPress={() => {
            isWhole.value = !isWhole.value
          }}
        >
          {isWhole.value ? 'Show fewer' : `Show all ${events.length}`}
        </Button>
      )}
    </>
  )
}

/** Oldest first, page after page. */
async function lastDay(followerId: string, signal: AbortSignal): Promise<FleetEvent[]> {
  const events: FleetEvent[] = []
  let since = new Date(managerNow() - day).toISOString()
  for (let page = 0; page < mostPages; page++) {
    const { items } = await api<{ items: FleetEvent[] }>('/events', {
      query: { followerId, since, limit: pageSize },
      signal,
    })
    events.push(...items)
    const last = items.at(-1)
    if (last === undefined || items.length < pageSize) break
    since = last.id
  }
  return events
}
