// The bots' own health, asked over HTTP with every sweep: what they say is kept, and who says nothing is not well.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { askBotHealth } from '../../src/adapters/bot-health.ts'
import { BotWatch } from '../../src/fleet/bot-watch.ts'
import type { LeaseRecord, LeaseStore } from '../../src/ports/stores.ts'
import { FakeClock } from '../fake-clock.ts'

const never = new AbortController().signal

async function answering(
  t: Test,
  status: number,
  headers: Record<string, string> = {},
  body = '{}',
): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(status, headers).end(body))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`
}

function lease(purpose: string, healthUrl: string | undefined, expiresAt: number): LeaseRecord {
  return {
    followerId: 'alpha',
    purpose,
    clientId: 1,
    readOnly: false,
    expiresAt,
    ...(healthUrl && { healthUrl }),
  }
}

t.test('bots whose lease holds are asked, the others forgotten', async (t) => {
  const clock = new FakeClock()
  const later = clock.now() + 60_000
  const well = lease('well', await answering(t, 200), later)
  const ill = lease('ill', await answering(t, 503), later)
  const silent = lease('silent', undefined, later)
  const over = lease('over', well.healthUrl, clock.now() - 1)
  let leases = [well, ill, silent, over]
  const store: LeaseStore = { list: async () => leases, put: async () => {}, delete: async () => {} }
  let isUp = true
  const watch = new BotWatch({ leases: store, clock, ask: askBotHealth, isUp: () => isUp })
  t.equal(watch.reportOf(well), undefined)
  await watch.sweep(never)
  const checkedAt = clock.now()
  t.strictSame(watch.reportOf(well), { purpose: 'well', healthy: true, checkedAt, missed: 0 })
  const unwell = { purpose: 'ill', healthy: false, checkedAt, detail: 'answers 503' }
  t.strictSame(watch.reportOf(ill), { ...unwell, missed: 1 })
  t.equal(watch.reportOf(silent), undefined)
  t.equal(watch.reportOf(over), undefined)
  leases = [ill]
  await watch.sweep(never)
  t.equal(watch.reportOf(well), undefined)
  t.strictSame(watch.reportsOf('alpha'), [{ ...unwell, missed: 2 }])
  isUp = false
  await watch.sweep(never)
  t.match(watch.reportsOf('alpha'), [{ missed: 0 }], 'without its gateway no bot can be well')
  leases = []
  t.strictSame([...(await watch.sweep(never))], ['alpha'], 'who is forgotten is named once more')
  t.strictSame([...(await watch.sweep(never))], [])
})

t.test('what a bot says of its last error is passed on, in one line and not at length', async (t) => {
  const says = async (body: string) => (await askBotHealth(await answering(t, 503, {}, body), never)).detail
  t.equal(await says('{"lastError": "Gateway check\\nfailed."}'), 'says: Gateway check failed')
  t.equal(await says(JSON.stringify({ lastError: 'x'.repeat(9_000) })), `says: ${'x'.repeat(300)}`)
  for (const body of [
    '{"lastError": null}',
    '{"lastError": {}}',
    'null',
    '<html>',
    '{"a": "'.padEnd(1_000_000, 'b'),
  ])
    t.equal(await says(body), 'answers 503')
})

t.test('a bot that is not there, leads elsewhere or is on another machine is not well', async (t) => {
  const elsewhere = await answering(t, 200)
  t.strictSame(await askBotHealth(elsewhere, never), { healthy: true })
  t.match(await askBotHealth(await answering(t, 302, { location: elsewhere }), never), { healthy: false })
  t.match(await askBotHealth('http://192.0.2.1/health', never), { healthy: false, detail: /another machine/ })
  t.match(await askBotHealth('http://127.0.0.1:1/health', never), {
    healthy: false,
    detail: /does not answer/,
  })
  t.match(await askBotHealth('http://127.0.0.1.example.com/health', never), { healthy: false })
})
