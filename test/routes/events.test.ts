// The live stream over real connections: its wording, coming again, filters, slow and buffering readers, tokens revoked, and its end.
import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import t, { type Test } from 'tap'
import type { FleetEvent } from '../../schemas/event.ts'
import { systemClock } from '../../src/adapters/system-clock.ts'
import type { AppDeps } from '../../src/app.ts'
import { TokenBook } from '../../src/doors/token-book.ts'
import { hashToken, makeToken, type Token } from '../../src/doors/tokens.ts'
import { listening, type TestApp, testApp, turnsUntil } from './app.ts'

const path = '/api/v1/events/stream'

/** A stream as its reader has it so far. */
class Stream {
  text = ''
  readonly response: IncomingMessage
  readonly ended: Promise<string>
  readonly leave: () => void

  constructor(response: IncomingMessage, leave: () => void) {
    this.response = response
    this.leave = leave
    response.on('error', () => {})
    let tail = ''
    response.setEncoding('utf8').on('data', (chunk: string) => {
      this.text += chunk
      this.count += (tail + chunk).split('\nid: ').length - 1
      tail = chunk.slice(-4)
    })
    this.ended = new Promise((resolve) => response.once('close', () => resolve(this.text)))
  }

  /** Resolves once `part` has come. */
  async until(part: string): Promise<void> {
    while (!this.text.includes(part)) {
      const next = await Promise.race([once(this.response, 'data'), this.ended])
      if (next === this.text && !this.text.includes(part)) throw new Error(`ended without ${part}: ${next}`)
    }
  }

  /** How many events have come, the last one perhaps in part. */
  count = 0

  /** The events of the history, in the order in which they came. */
  get events(): FleetEvent[] {
    return [...this.text.matchAll(/^id: (\S+)\ndata: (.*)\n\n/gm)].map(([, , data]) => JSON.parse(data ?? ''))
  }
}

async function open(port: number, query = '', headers: Record<string, string> = {}): Promise<Stream> {
  const sent = request({ port, path: `${path}${query}`, headers }).end()
  sent.on('error', () => {})
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return new Stream(response, () => sent.destroy())
}

async function world(t: Test, deps: Partial<AppDeps> = {}): Promise<TestApp & { port: number }> {
  const made = await testApp(t, { streamHeartbeatMs: 5, ...deps })
  return { ...made, port: await listening(made.app) }
}

t.test('wording', async (t) => {
  const { call, fleet, port } = await world(t)
  await call('POST', '/followers', { id: 'anna' })
  fleet.alerts.set('a1', alert('a1'))
  const stream = await open(port, '?include=history,gateways,alerts')
  t.match(stream.response.headers, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
  })
  await stream.until('event: synced\n')
  const first = [
    /^retry: 2000\n:\n\n/,
    /event: gateway\ndata: \{"followerId":"anna",.*"phase":"stopped".*\}\n\n/,
    /event: alert\ndata: \{"id":"a1",.*\}\n\n/,
    /event: synced\ndata: \{"asOf":"[^"]+"\}\n\n/,
  ]
  t.match(stream.text, new RegExp(first.map(({ source }) => source).join('')))

  const event = fleet.note('gateway.launch', 'anna')
  fleet.settle('anna', 'RUNNING')
  await call('POST', '/alerts/a1/acknowledge')
  await stream.until('"acknowledgedBy"')
  t.match(stream.text, `id: ${event.id}\ndata: ${JSON.stringify(event)}\n\n`)
  t.match(stream.text, /event: gateway\ndata: \{.*"phase":"ready".*\}\n\n/)
  await call('DELETE', '/followers/anna')
  await stream.until('event: gateway-removed\ndata: {"followerId":"anna"}\n\n')
  await stream.until(':\n\n:\n\n')
  stream.leave()
  await turnsUntil(() => fleet.feed.readers === 0)
})

t.test('coming again', async (t) => {
  const { call, fleet, port } = await world(t)
  const [first, second, third] = ['one', 'two', 'three'].map((type) => fleet.note(type, 'anna'))
  const resumed = await open(port, '?since=2020-01-01', { 'last-event-id': first?.id ?? '' })
  await resumed.until('three')
  t.strictSame(resumed.events, [second, third], 'the header wins')
  const since = await open(port, `?since=${second?.id}&type=t*&followerId=anna`, { 'last-event-id': '' })
  await since.until('three')
  t.strictSame(since.events, [third])

  const bad = await call('GET', '/events/stream', undefined, { 'last-event-id': 'what is this' })
  t.equal(bad.status, 400)
  t.match(bad.body, { code: 'INVALID_REQUEST', detail: /id of an event or an RFC 3339 time/ })
  t.equal((await call('GET', '/events/stream?since=yesterday')).status, 400)
  t.equal((await call('GET', '/events/stream?include=weather')).status, 400)
  t.equal((await call('GET', '/events/stream?include=history,')).status, 400)
  t.equal((await call('GET', '/events/stream?followerID=anna')).status, 400)
})

t.test('a reader that does not read holds some kilobytes, and nobody up', async (t) => {
  const { app, fleet, port } = await world(t)
  const sockets: Socket[] = []
  app.server.on('connection', (socket) => sockets.push(socket))
  const stuck = await open(port)
  await stuck.until('synced')
  stuck.response.pause()
  const other = await open(port)
  const noted: FleetEvent[] = []
  // 20 MB: more than the fleet keeps for it, and than the system keeps for a connection.
  const padding = 'x'.repeat(4_000)
  while (noted.length < 2_500) {
    for (let n = 0; n < 250; n++) noted.push(fleet.note(padding, 'anna'))
    await turnsUntil(() => other.count === noted.length)
  }
  t.strictSame(
    other.events.map(({ id }) => id),
    noted.map(({ id }) => id),
  )
  const held = sockets.map((socket) => socket.writableLength)
  t.ok(Math.max(...held) < 1_000_000, `no more is held than what is handed over at a time: ${held} bytes`)
  stuck.response.resume()
  t.match(await stuck.ended, /event: error\ndata: \{"code":"TOO_SLOW","detail":"[^"]+"\}\n\n$/)
  const told = stuck.events.map(({ id }) => id)
  t.strictSame(
    told,
    noted.slice(0, told.length).map(({ id }) => id),
    'what it was told before has no hole',
  )
  other.leave()
  await turnsUntil(() => fleet.feed.readers === 0)
})

t.test('a reader that does not read does not hold up the end of the app', async (t) => {
  const { app, fleet, port } = await world(t)
  const sockets: Socket[] = []
  app.server.on('connection', (socket) => sockets.push(socket))
  const stuck = await open(port)
  await stuck.until('synced')
  stuck.response.pause()
  // One event that is more than the system keeps for a connection.
  fleet.note('x'.repeat(16_000_000), 'anna')
  await turnsUntil(() => sockets[0]?.writableNeedDrain === true)
  await app.close()
  await turnsUntil(() => fleet.feed.readers === 0)
  t.pass('it is cut off')
})

t.test('through a proxy that gathers 4 KiB before it sends, all comes late, and whole', async (t) => {
  const { fleet, port } = await world(t)
  const proxy = await gatheringProxy(t, port)
  const stream = await open(proxy, '?include=history,gateways')
  const noted = Array.from({ length: 60 }, (_, n) => fleet.note(`e${n}`, 'anna'))
  await stream.until(noted[20]?.id ?? '')
  t.strictSame(stream.events, noted.slice(0, stream.events.length))
  stream.leave()
  await turnsUntil(() => fleet.feed.readers === 0)
})

/** Its port. It hands on what it has once that is 4 KiB, and leaves when its client does. */
async function gatheringProxy(t: Test, port: number): Promise<number> {
  const proxy = createServer((asked, answer) => {
    const sent = request({ port, path: asked.url, headers: asked.headers }, (response) => {
      answer.writeHead(response.statusCode ?? 500, response.headers).flushHeaders()
      let held = Buffer.alloc(0)
      response.on('data', (chunk: Buffer) => {
        held = Buffer.concat([held, chunk])
        if (held.length < 4096) return
        answer.write(held)
        held = Buffer.alloc(0)
      })
      response.on('error', () => {})
    }).end()
    answer.once('close', () => sent.destroy())
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.teardown(() => proxy.close())
  return (proxy.address() as AddressInfo).port
}

t.test('a token that is revoked ends its streams, and no other', async (t) => {
  const clock = systemClock()
  const [anna, bob] = [makeToken(), makeToken()]
  const entry = (name: string, token: string): Token => ({ name, role: 'viewer', hash: hashToken(token) })
  const tokens = [entry('anna', anna), entry('bob', bob)]
  const book = new TokenBook({ tokens, clock, log: { error() {}, info() {} } as never })
  const { fleet, port } = await world(t, { doors: { clock, tokens: book } })
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
  const revoked = await open(port, '', bearer(anna))
  const other = await open(port, '', bearer(bob))
  for (const stream of [revoked, other]) await stream.until('synced')
  tokens.shift()
  t.match(await revoked.ended, /event: error\ndata: \{"code":"UNAUTHORIZED","detail":"[^"]+"\}\n\n$/)
  const event = fleet.note('later', 'anna')
  await other.until('later')
  t.strictSame(other.events, [event])
  t.equal(fleet.feed.readers, 1)
  other.leave()
})

t.test('ends quietly with the app', async (t) => {
  const { app, fleet, port, logged } = await world(t)
  const stream = await open(port)
  await stream.until('synced')
  await app.close()
  t.notMatch(await stream.ended, 'event: error')
  t.equal(stream.response.complete, true, 'as HTTP says that an answer ends')
  t.equal(fleet.feed.readers, 0)
  t.notMatch(JSON.stringify(logged), 'event stream broke')
})

t.test('a timeline', async (t) => {
  const { call } = await world(t)
  await call('POST', '/followers', { id: 'anna' })
  const { status, body } = await call('GET', '/gateways/anna/timeline?hours=2')
  t.equal(status, 200)
  t.match(body, { followerId: 'anna', spans: [{ phase: 'stopped' }], heartbeats: [], outages: 0 })
  t.equal(Date.parse(body.to) - Date.parse(body.from), 7_200_000)
  t.equal((await call('GET', '/gateways/nobody/timeline')).status, 404)
  for (const hours of ['0', '-1', '169', 'all'])
    t.equal((await call('GET', `/gateways/anna/timeline?hours=${hours}`)).status, 400, hours)
})

function alert(id: string) {
  const at = '2026-01-05T14:30:00.000Z'
  return {
    id,
    key: id,
    level: 'WARNING' as const,
    code: 'X',
    title: id,
    message: id,
    count: 1,
    raisedAt: at,
    lastRaisedAt: at,
  }
}
