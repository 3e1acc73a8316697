// The bot's health over HTTP, and Docker's command that asks for it.
import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type BotHealth, startHealthServer } from '../../src/bot/health-server.ts'
import { freePorts } from '../integration/free-ports.ts'
import { silentLog } from './moment.ts'

const well: BotHealth = {
  gatewayConnected: true,
  lastGatewayCheck: '2026-02-10T15:00:00.000Z',
  uptimeSeconds: 61,
  strategyActive: 'A',
  positionsOpen: 2,
  lastError: null,
}

async function served(t: Test, health: () => BotHealth, host = '127.0.0.1') {
  const healthy = ({ gatewayConnected }: BotHealth) => gatewayConnected
  const server = await startHealthServer({ host, port: 0, health, healthy, log: silentLog })
  t.teardown(() => server.close())
  return { ...server, url: `http://127.0.0.1:${server.port}/health` }
}

/** Docker's command, in an environment. */
function command(env: Record<string, string>): Promise<{ code: number; output: string }> {
  const file = join(import.meta.dirname, '../../src/bot/health.js')
  return new Promise((resolve) => {
    execFile(process.execPath, [file], { env }, (error, output) =>
      resolve({ code: Number(error?.code ?? 0), output }),
    )
  })
}

t.test('200 and the whole answer when it is well, 503 with the same when not', async (t) => {
  let now = well
  const { url, port } = await served(t, () => now)
  const answer = await fetch(url)
  t.equal(answer.status, 200)
  t.strictSame(await answer.json(), well)
  t.match(await command({ BOT_HEALTH_PORT: String(port) }), { code: 0, output: /"strategyActive":"A"/ })
  now = { ...well, gatewayConnected: false, lastError: 'The gateway has gone.' }
  const bad = await fetch(url)
  t.equal(bad.status, 503)
  t.strictSame(await bad.json(), now)
  t.match(await command({ BOT_HEALTH_PORT: String(port) }), { code: 1, output: /The gateway has gone/ })
})

t.test('only GET /health is answered', async (t) => {
  const { url } = await served(t, () => well)
  const posted = await fetch(url, { method: 'POST', body: 'x' })
  t.equal(posted.status, 405)
  t.equal(posted.headers.get('allow'), 'GET')
  t.equal((await fetch(url.replace('/health', '/'))).status, 404)
})

t.test('a bot that cannot tell how it is, is not well', async (t) => {
  const { url } = await served(t, () => {
    throw new Error('a fault of ours')
  })
  t.equal((await fetch(url)).status, 503)
})

t.test('a port that is taken, and an address that is not ours, are said', async (t) => {
  const { port } = await served(t, () => well)
  const start = (host: string, port: number) =>
    startHealthServer({ host, port, health: () => well, healthy: () => true, log: silentLog })
  await t.rejects(start('127.0.0.1', port), { code: 'PORT_IN_USE', message: /second bot|BOT_HEALTH_PORT/ })
  await t.rejects(start('203.0.113.1', 0), { code: 'INVALID_REQUEST', message: /BOT_HEALTH_HOST/ })
})

t.test("Docker's command finds a bot that listens everywhere, and none where none is", async (t) => {
  const { port } = await served(t, () => well, '0.0.0.0')
  t.match(await command({ BOT_HEALTH_HOST: '0.0.0.0', BOT_HEALTH_PORT: String(port) }), { code: 0 })
  const [free] = await freePorts(1)
  t.match(await command({ BOT_HEALTH_PORT: String(free) }), {
    code: 1,
    output: /does not answer: ECONNREFUSED/,
  })
  t.match(await command({ BOT_HEALTH_HOST: 'not a host' }), { code: 1 })
})

t.test("Docker's command waits 8 seconds for a bot that hangs", async (t) => {
  const server = createServer(() => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  const began = performance.now()
  t.match(await command({ BOT_HEALTH_PORT: String(port) }), { code: 1, output: /does not answer/ })
  t.ok(performance.now() - began >= 7_500)
})
