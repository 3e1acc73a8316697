// The audit history, and what happens as it happens.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import {
  EventList,
  EventStreamHeaders,
  EventStreamQuery,
  EventsQuery,
  type StreamPart,
} from '../schemas/event.ts'
import type { StreamItem } from '../src/ports/fleet.ts'
import { answer, problems, text } from './answers.ts'
import { errorText, eventText, sendEvents } from './event-stream.ts'
import { paged } from './requests.ts'

const tags = ['events']
/** How soon a client that lost its stream comes again, as it is told. */
const opening = 'retry: 2000\n:\n\n'

export const events: FastifyPluginAsyncTypebox<{ heartbeatMs: number }> = async (app, { heartbeatMs }) => {
  const closing = new AbortController()
  app.addHook('preClose', async () => closing.abort())

  app.get(
    '/events',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'listEvents',
        summary: 'Who did what, and what happened',
        tags,
        querystring: EventsQuery,
        response: {
          200: answer(EventList, 'Oldest first; `nextCursor` of a full page is the `since` of the next.'),
          ...problems(),
        },
      },
    },
    async (request) => {
      const query = paged(request.query)
      const items = await app.fleet.listEvents(query)
      const last = items.at(-1)
      return { items, ...(last && items.length === query.limit && { nextCursor: last.id }) }
    },
  )

  app.get(
    '/events/stream',
    {
      config: { access: 'viewer' },
      exposeHeadRoute: false,
      schema: {
        operationId: 'streamEvents',
        summary: 'What happens, as it happens, and what is',
        tags,
        querystring: EventStreamQuery,
        headers: EventStreamHeaders,
        response: {
          200: text(
            'Server-sent events. History: `id` and an Event in `data`. States: `gateway` (a Gateway), `gateway-removed` (its `followerId`) and `alert` (an Alert), first as they are, then at each change; `synced` (`asOf`) in between. `error` (`code` and `detail`) when part of the history cannot be read, or before the stream ends early.',
            'text/event-stream',
          ),
          ...problems(),
        },
      },
    },
    (request, reply) => {
      const { include = 'history', since, ...filters } = request.query
      const place = request.headers['last-event-id'] || since
      const query = {
        parts: new Set(include.split(',') as StreamPart[]),
        ...filters,
        ...(place !== undefined && { since: place }),
      }
      return sendEvents(request, reply, { heartbeatMs, closing: closing.signal, opening }, (signal) =>
        asEvents(app.fleet.follow(query, signal)),
      )
    },
  )
}

async function* asEvents(batches: AsyncIterable<readonly StreamItem[]>): AsyncIterable<string> {
  for await (const batch of batches) yield batch.map(textOf).join('')
}

function textOf(item: StreamItem): string {
  switch (item.kind) {
    case 'event':
      return sharedText(item.event, (data) => eventText(data, { id: item.event.id }))
    case 'gateway':
      return sharedText(item.gateway, (data) => eventText(data, { name: 'gateway' }))
    case 'alert':
      return sharedText(item.alert, (data) => eventText(data, { name: 'alert' }))
    case 'gateway-removed':
      return eventText(JSON.stringify({ followerId: item.followerId }), { name: 'gateway-removed' })
    case 'synced':
      return eventText(JSON.stringify({ asOf: item.asOf }), { name: 'synced' })
    case 'gap':
      return errorText(item.error)
  }
}

/** What hundreds of clients are told is the same object, and put into words once. */
const texts = new WeakMap<object, string>()

function sharedText(value: object, make: (data: string) => string): string {
  const known = texts.get(value)
  if (known !== undefined) return known
  const made = make(JSON.stringify(value))
  texts.set(value, made)
  return made
}
