// Doors of the product as it is started: tokens from a file that is edited while it runs, TLS, and starts that are refused.
import { readFile, writeFile } from 'node:fs/promises'
import { type RequestOptions, request } from 'node:https'
import { join } from 'node:path'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { startServer } from '../../src/server/server.ts'
import { makeCertificate } from '../certificate.ts'
import { ibgm } from '../cli/harness.ts'
import { until } from '../fleet/world.ts'
import { testFolder } from '../test-folder.ts'

const log = pino({ level: 'silent' })

async function serve(t: Test, env: Record<string, string>) {
  const server = await startServer({
    env: { RUNTIME: 'simulated', PORT: '0', DATA_DIR: env.DATA_DIR ?? testFolder(t), ...env },
    log,
  })
  t.teardown(() => server.close())
  return server
}

/** A token made by the command, and its line in `file`. */
async function create(name: string, role: string, file: string): Promise<string> {
  const { stdout } = await ibgm(['token', 'create', '--name', name, '--role', role, '--file', file, '--json'])
  return JSON.parse(stdout).token
}

t.test('tokens from a file: made by the command, sent by the command, revoked at once', async (t) => {
  const folder = testFolder(t)
  const file = join(folder, 'tokens')
  const anna = await create('anna', 'admin', file)
  const { url } = await serve(t, { API_TOKENS_FILE: file, DATA_DIR: join(folder, 'data') })
  const followers = (token: string, ...words: string[]) =>
    ibgm(['--url', url, 'followers', ...words, '--json'], { env: { IBGM_TOKEN: token } })

  t.equal((await followers(anna, 'create', 'alpha', '--set', 'enabled=false')).code, 0)
  const events = await ibgm(['--url', url, 'events', '--json'], { env: { IBGM_TOKEN: anna } })
  t.match(events.stdout, /"actor": "anna"/)
  t.equal((await fetch(`${url}/livez`)).status, 200)
  t.equal((await fetch(`${url}/api/v1/gateways`)).status, 401)
  t.match((await followers('', 'list')).stderr, /UNAUTHORIZED/)

  const bob = await create('bob', 'viewer', file)
  await until(
    () => followers(bob, 'list'),
    ({ code }) => code === 0,
    'granted without a restart',
  )
  t.match((await followers(bob, 'delete', 'alpha')).stderr, /role admin or above; bob is viewer/)
  await writeFile(file, (await readFile(file, 'utf8')).replace(/^anna.*\n/, ''))
  await until(
    () => followers(anna, 'list'),
    ({ code }) => code === 1,
    'revoked without a restart',
  )
  t.equal((await followers(bob, 'list')).code, 0)
})

t.test('TLS', async (t) => {
  const { certFile, keyFile } = await makeCertificate(t)
  const { url } = await serve(t, { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile })
  t.match(url, /^https:\/\/127\.0\.0\.1:\d+$/)
  const ca = await readFile(certFile)
  t.equal(await statusOf(`${url}/livez`, { ca }), 200)
  t.equal(await statusOf(`${url}/livez`, { ca, headers: { origin: 'https://evil.example' } }), 403)
  await t.rejects(statusOf(`${url}/livez`, {}), /self-signed/, 'who does not know the certificate')
  await t.rejects(statusOf(`${url}/livez`, { ca, maxVersion: 'TLSv1.1', minVersion: 'TLSv1' }))
  await t.rejects(fetch(url.replace('https:', 'http:')), 'plain HTTP is not answered')
})

t.test('starts that are refused', async (t) => {
  const { certFile } = await makeCertificate(t)
  const start = (env: Record<string, string>) =>
    startServer({ env: { RUNTIME: 'simulated', PORT: '0', DATA_DIR: testFolder(t), ...env }, log })
  for (const [env, message] of [
    [{ HOST: '0.0.0.0' }, /^HOST: /],
    [{ API_TOKENS: 'anna:admin:canary' }, /^API_TOKENS: got a value of 17 characters \(not shown\)/],
    [{ API_TOKENS_FILE: '/none' }, /^API_TOKENS_FILE: got "\/none" \(ENOENT\)/],
    [{ TLS_CERT_FILE: certFile }, /^TLS_KEY_FILE: got nothing/],
  ] as const) {
    await t.rejects(start(env), { name: 'ConfigError', message })
  }
})

function statusOf(url: string, options: RequestOptions): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { agent: false, ...options }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
      .on('error', reject)
      .end()
  })
}
