// The live feed and the timeline of a whole manager over simulated gateways: what they are told, and over a restart.
import t, { type Test } from 'tap'
import type { StreamPart } from '../../schemas/event.ts'
import type { GatewayManager } from '../../src/fleet/manager.ts'
import type { StreamItem } from '../../src/ports/fleet.ts'
import { makeWorld, until } from './world.ts'

/** Follows, and keeps what it was told. */
function follow(t: Test, manager: GatewayManager, parts: StreamPart[], since?: string): StreamItem[] {
  const told: StreamItem[] = []
  const leaving = new AbortController()
  t.teardown(() => leaving.abort())
  const query = { parts: new Set(parts), ...(since !== undefined && { since }) }
  void (async () => {
    for await (const items of manager.follow(query, leaving.signal)) told.push(...items)
  })()
  return told
}

const phases = (told: StreamItem[]) =>
  told.flatMap((item) => (item.kind === 'gateway' ? [item.gateway.phase] : []))
const events = (told: StreamItem[]) => told.flatMap((item) => (item.kind === 'event' ? [item.event] : []))

t.test('each answered heartbeat is told, and a session that dies at once', async (t) => {
  const { manager, add, reach } = await makeWorld(t)
  await manager.start()
  await add('anna')
  await reach('anna', 'RUNNING')
  const told = follow(t, manager, ['gateways', 'alerts'])
  const beats = () =>
    new Set(told.map((item) => (item.kind === 'gateway' ? item.gateway.lastHeartbeatAt : undefined)))
  await until(beats, ({ size }) => size > 3, 'heartbeats')
  await manager.injectFault('anna', 'mute', undefined)
  await until(
    () => phases(told),
    (seen) => seen.includes('reconnecting') || seen.includes('degraded'),
    'the silence',
  )
  const { heartbeats, spans, outages } = await manager.gatewayTimeline('anna', 1)
  t.ok(heartbeats.length > 2)
  t.ok(heartbeats.every(({ roundTripMs }) => roundTripMs >= 0))
  t.ok(outages <= 1)
  t.match(spans[0], { phase: 'stopped' })
  t.equal(spans.at(-1)?.to, undefined)
  await manager.deleteFollower('anna')
  await until(
    () => told,
    (seen) => seen.some(({ kind }) => kind === 'gateway-removed'),
    'removed',
  )
})

t.test('a follower of the history comes again to another manager and has it all, once', async (t) => {
  const { manager, add, reach, again } = await makeWorld(t)
  await manager.start()
  const told = follow(t, manager, ['history'])
  await add('anna')
  await reach('anna', 'RUNNING')
  await until(
    () => events(told),
    (seen) => seen.some(({ data }) => data?.to === 'ready'),
    'ready',
  )
  const last = events(told).at(-1)?.id ?? ''
  await manager.stop()
  const next = again()
  await next.start()
  await reach('anna', 'RUNNING')
  const more = follow(t, next, ['history'], last)
  const wanted = (await next.listEvents({ limit: 1000 })).map(({ id }) => id)
  await until(
    () => events([...told, ...more]).length,
    (length) => length >= wanted.length,
    'all of it',
  )
  const ids = events([...told, ...more]).map(({ id }) => id)
  t.strictSame(ids.slice(0, wanted.length), wanted)
  const { spans, outages } = await next.gatewayTimeline('anna', 1)
  const row = spans.map(({ phase }) => phase)
  t.ok(row.lastIndexOf('stopped') > row.indexOf('ready'), 'it was stopped with its manager')
  t.equal(outages, 0, 'on purpose')
  await t.rejects(next.listEvents({ since: 'yesterday', limit: 9 }), { code: 'INVALID_REQUEST' })
  const latest = (await next.listEvents({ since: last, limit: 1000 })).map(({ id }) => id)
  t.strictSame(latest, ids.slice(ids.indexOf(last) + 1, ids.indexOf(last) + 1 + latest.length))
})
