// Which manager and token count: options, environment, config file, and that a token reaches nobody else.
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { testFolder } from '../test-folder.ts'
import { gateway, ibgm, stubApi } from './harness.ts'

/** A home with this config file; the environment that finds it. */
function home(t: Test, config: object | string, mode = 0o600) {
  const dir = testFolder(t, {
    token: 'from-a-file\n',
    ibgm: { 'config.json': typeof config === 'string' ? config : JSON.stringify(config) },
  })
  const path = join(dir, 'ibgm', 'config.json')
  chmodSync(path, mode)
  return { path, dir, env: { XDG_CONFIG_HOME: dir } }
}

t.test('options win over the environment, the environment over the file', async (t) => {
  const api = await stubApi(t, () => ({ body: gateway() }))
  const { env } = home(t, { url: api.url, token: 'of-file' })
  await ibgm(['status', 'alpha'], { env })
  await ibgm(['status', 'alpha'], { env: { ...env, IBGM_TOKEN: 'of-env' } })
  await ibgm(['status', 'alpha', '--token', 'of-option'], { env: { ...env, IBGM_TOKEN: 'of-env' } })
  t.strictSame(
    api.asked.map(({ headers }) => headers.authorization),
    ['Bearer of-file', 'Bearer of-env', 'Bearer of-option'],
  )
})

t.test("the file's token goes to the file's manager only", async (t) => {
  const api = await stubApi(t, () => ({ body: gateway() }))
  const { env, path } = home(t, { url: 'http://127.0.0.1:1', token: 'of-file' })
  await ibgm(['status', 'alpha', '--url', api.url], { env })
  t.equal(api.asked[0]?.headers.authorization, undefined)
  const { stdout } = await ibgm(['config', '--url', api.url], { env })
  t.match(stdout, `not used: the token of ${path} is for http://127.0.0.1:1 only`)
})

t.test('a token in a file of its own', async (t) => {
  const api = await stubApi(t, () => ({ body: gateway() }))
  const { env, dir } = home(t, { url: api.url, tokenFile: '~/token' })
  await ibgm(['status', 'alpha'], { env: { ...env, HOME: dir } })
  await ibgm(['status', 'alpha'], { env: { IBGM_URL: api.url, IBGM_TOKEN_FILE: join(dir, 'token') } })
  t.match(api.asked, [
    { headers: { authorization: 'Bearer from-a-file' } },
    { headers: { authorization: 'Bearer from-a-file' } },
  ])
  const missing = await ibgm(['status'], { env: { IBGM_TOKEN_FILE: join(dir, 'nothing') } })
  t.equal(missing.code, 2)
  t.match(missing.stderr, /cannot be read/)
})

t.test('config says where each setting comes from, never the token', async (t) => {
  const { env, path } = home(t, { url: 'http://box:8080', token: 'hush-hush' })
  const shown = await ibgm(['config'], { env })
  t.match(shown.stdout, new RegExp(`url +http://box:8080 +${path}`))
  t.match(shown.stdout, new RegExp(`token +\\(not shown\\) +${path}`))
  const json = await ibgm(['config', '--json'], { env: { ...env, IBGM_URL: 'http://other:1' } })
  t.match(JSON.parse(json.stdout), { url: { value: 'http://other:1', from: 'IBGM_URL' }, file: path })
  t.notMatch(shown.stdout + json.stdout, 'hush-hush')
  t.match((await ibgm(['config'])).stdout, /url +http:\/\/127\.0\.0\.1:8080 +the default/)
})

t.test('a config file that others may read, or that is none, is wrong usage', async (t) => {
  const exposed = home(t, { token: 'hush-hush' }, 0o644)
  const { code, stderr } = await ibgm(['status'], { env: exposed.env })
  t.equal(code, 2)
  t.match(stderr, `what to do: chmod 600 ${exposed.path}`)
  t.equal(
    (await ibgm(['config'], { env: home(t, { url: 'http://box' }, 0o644).env })).code,
    0,
    'no token, no secret',
  )
  for (const config of ['{', '[]', { urls: 'x' }, { url: 7 }]) {
    const ran = await ibgm(['config'], { env: home(t, config).env })
    t.equal(ran.code, 2, JSON.stringify(config))
    t.match(ran.stderr, /config\.json/)
  }
})
