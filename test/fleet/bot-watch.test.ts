// The bots' own health, asked over HTTP with every sweep: what they say is kept, and who says nothing is not well.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { askBotHealth } from '../../src/adapters/bot-health.ts'
import { BotWatch } from '../../src/fleet/bot-watch.ts'
import type { LeaseRecord, LeaseStore } from '../../src/ports/stores.ts'
import { FakeClock } from '../fake-clock.ts'

const never = new AbortController().signal

async function answering(t: Test, status: number, headers: Record<string, string> = {}): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(status, headers).end('{}'))
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
  const watch = new BotWatch({ leases: store, clock, ask: askBotHealth })
  t.equal(watch.reportOf(well), undefined)
  await watch.sweep(never)
  t.strictSame(watch.reportOf(well), { healthy: true, checkedAt: clock.now() })
  t.strictSame(watch.reportOf(ill), { healthy: false, checkedAt: clock.now() })
  t.equal(watch.reportOf(silent), undefined)
  t.equal(watch.reportOf(over), undefined)
  leases = [ill]
  await watch.sweep(never)
  t.equal(watch.reportOf(well), undefined)
})

t.test('a bot that is not there, leads elsewhere or is on another machine is not well', async (t) => {
  const elsewhere = await answering(t, 200)
  t.equal(await askBotHealth(elsewhere, never), true)
  t.equal(await askBotHealth(await answering(t, 302, { location: elsewhere }), never), false)
  t.equal(await askBotHealth('http://192.0.2.1/health', never), false)
  t.equal(await askBotHealth('http://127.0.0.1:1/health', never), false)
  t.equal(await askBotHealth('http://127.0.0.1.example.com/health', never), false)
})
