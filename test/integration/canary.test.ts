// After a whole run on a real engine, no secret that went into it is anywhere it could be read: answers, logs, records, engine, memory.
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { hashToken, makeToken, tokenLine } from '../../src/doors/tokens.ts'
import { RealVault } from '../adapters/vault/subject.ts'
import { until } from '../fleet/world.ts'
import { canary, type DockerFleet, dockerFleet } from './docker-fleet.ts'
import { gateEngine, image } from './docker-subject.ts'
import type { ManagerProcess } from './manager-process.ts'

const madeUp = (what: string) => `${what}-${randomBytes(8).toString('hex')}`

/** All that went in. JSON, base64 and URLs show each of them as it is. */
const secrets = {
  password: canary,
  nextPassword: madeUp('sim-canary-next'),
  rejectedPassword: madeUp('canary-rejected'),
  refusedPassword: madeUp('canary-refused'),
  storedCopy: madeUp('sim-canary-copy'),
  goodToken: makeToken(),
  badToken: madeUp('ibgm_canary'),
  credentialsKey: randomBytes(32).toString('base64'),
}
type Secret = keyof typeof secrets

/** A password is given to the garbage collector after its use; how soon it is really gone is V8's affair. */
const goneWithinMs = 10_000

if (await gateEngine(t)) {
  t.test('no secret is anywhere after a whole run', async (t) => {
    const { fleet, records } = await fleetWithStores(t)
    const first = await fleet.start()
    await putCredentials(t, first)
    await failAtTheDoors(t, first)
    const alpha = await first.launch('alpha')
    t.match(alpha, { status: 'RUNNING' })
    await fleet.docker.getContainer(alpha.containerId ?? '').kill()
    await first.replaced('alpha', alpha.containerId)
    await first.reach('beta', 'rejected', ({ reason }) => reason?.code === 'CREDENTIALS_REJECTED')
    await t.test('memory of the manager that was given them', (t) => goneFromMemory(t, fleet, first))
    const shown: Record<string, string> = {
      ...(await everyAnswer(first)),
      ...(await onTheEngine(fleet, 'the first')),
    }
    t.equal((await first.end('SIGTERM')).code, 0)

    const second = await fleet.start()
    second.token = secrets.goodToken
    await second.reach('alpha', 'RUNNING again', ({ status }) => status === 'RUNNING')
    await second.api('PUT', '/followers/alpha/credentials', login(secrets.nextPassword))
    const { body } = await second.api('POST', '/gateways/alpha/restart?wait=60', { mode: 'container' })
    t.match(body, { status: 'RUNNING' }, 'the new password was used')
    const answers = await everyAnswer(second)
    Object.assign(shown, await onTheEngine(fleet, 'the second'))
    t.match((await second.api('POST', '/gateways/alpha/stop?wait=60')).body, { status: 'STOPPED' })
    await t.test('memory of the manager that read them', (t) => goneFromMemory(t, fleet, second))
    await second.end('SIGTERM')

    Object.assign(shown, answers, {
      'log of the first manager': first.output,
      'log of the second manager': second.output,
      image: JSON.stringify(await fleet.docker.getImage(image).inspect()),
      'history of the image': JSON.stringify(await fleet.docker.getImage(image).history()),
      records: await records(),
    })
    t.match(shown['/api/v1/gateways/alpha/logs'], /Login has completed/)
    for (const [place, text] of Object.entries(shown)) {
      if (!place.startsWith('/')) t.ok(text.length > 50, `there is something to look at in ${place}`)
      t.strictSame(found(text), [], place)
    }
  })
}

/** A fleet that is not stopped with its manager, on MongoDB and Vault where they are given; and all that its store holds, as text. */
async function fleetWithStores(t: Test): Promise<{ fleet: DockerFleet; records: () => Promise<string> }> {
  const { MONGODB_URL, VAULT_ADDR, VAULT_TOKEN } = process.env
  const admin = tokenLine({ name: 'anna', role: 'admin', hash: hashToken(secrets.goodToken) })
  const keyFile = join(t.testdirName, '..', `${madeUp('key')}.txt`)
  writeFileSync(keyFile, secrets.credentialsKey)
  t.teardown(() => rmSync(keyFile))
  const database = madeUp('canary')
  const fleet = dockerFleet(t, {
    // A signal that nobody else listens to.
    NODE_OPTIONS: '--heapsnapshot-signal=SIGWINCH',
    ON_SHUTDOWN: 'leave',
    API_TOKENS: admin,
    CREDENTIALS_KEY_FILE: keyFile,
    ...(MONGODB_URL && { MONGODB_URL, MONGODB_DB: database }),
    ...(VAULT_ADDR &&
      VAULT_TOKEN && { VAULT_ADDR, VAULT_TOKEN, VAULT_KV_MOUNT: await new RealVault().mount(t, 2) }),
  })
  t.comment(`records in ${MONGODB_URL ? 'MongoDB' : 'files'}, secrets in ${VAULT_ADDR ? 'Vault' : 'files'}`)
  const files = () =>
    readdirSync(fleet.dataDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
  if (!MONGODB_URL) return { fleet, records: async () => files().join('\n') }
  const client = new MongoClient(MONGODB_URL)
  const db = client.db(database)
  t.teardown(async () => {
    await db.dropDatabase()
    await client.close()
  })
  const documents = async () => {
    const collections = await db.collections()
    return Promise.all(collections.map((collection) => collection.find().toArray()))
  }
  return { fleet, records: async () => JSON.stringify([files(), await documents()]) }
}

const login = (password: string, username = 'user-alpha') => ({ username, password })

async function putCredentials(t: Test, manager: ManagerProcess): Promise<void> {
  manager.token = secrets.goodToken
  await manager.follow('alpha')
  const put = (path: string, body: object | string) => manager.api('PUT', `/followers/${path}`, body)
  const copy = await put('alpha/credentials?store=embedded', login(secrets.storedCopy))
  t.equal(copy.status, 204)
  t.equal((await put('alpha/credentials', login(secrets.password))).status, 204)
  await manager.api('POST', '/followers', { id: 'beta', enabled: false })
  t.equal((await put('beta/credentials', login(secrets.rejectedPassword, 'user-beta'))).status, 204)
  await manager.api('PATCH', '/followers/beta', { enabled: true })
  const { refusedPassword } = secrets
  for (const body of [
    { ...login(refusedPassword), [refusedPassword]: refusedPassword },
    login(` ${refusedPassword}`),
    { username: 'user-beta', password: [refusedPassword] },
    `{"username":"user-beta","password":"${refusedPassword}"`,
    JSON.stringify(refusedPassword),
  ]) {
    t.equal((await put('beta/credentials', body)).status, 400)
  }
}

async function failAtTheDoors(t: Test, manager: ManagerProcess): Promise<void> {
  const { badToken, goodToken } = secrets
  manager.token = badToken
  t.equal((await manager.api('GET', '/gateways')).status, 401)
  manager.token = goodToken
  t.equal((await manager.api('GET', `/gateways?token=${badToken}`)).status, 400)
}

/** What each GET of the description answers, for each follower where it takes one, problems included. */
async function everyAnswer(manager: ManagerProcess): Promise<Record<string, string>> {
  const { text } = await manager.api('GET', '/openapi.yaml')
  const { paths } = parse(text) as { paths: Record<string, object> }
  const asked = Object.keys(paths)
    .filter((path) => 'get' in (paths[path] ?? {}) && !path.endsWith('/stream'))
    .flatMap((path) => ['alpha', 'beta', 'nobody'].map((id) => path.replace('{id}', id)))
  const answers: Record<string, string> = { '/openapi.yaml': text }
  for (const path of new Set(asked)) {
    const { text } = await manager.api('GET', path.replace('/api/v1', ''))
    answers[path] = text
  }
  return answers
}

async function onTheEngine(fleet: DockerFleet, which: string): Promise<Record<string, string>> {
  const info = await fleet.container('alpha')
  if (!info) throw new Error('alpha has no container')
  const log = await fleet.docker.getContainer(info.Id).logs({ stdout: true, stderr: true })
  return {
    [`inspect of ${which} container`]: JSON.stringify(info),
    [`log of ${which} container`]: String(log),
  }
}

/** Names, never values: a failing test must not tell them either. */
function found(text: string): Secret[] {
  return (Object.keys(secrets) as Secret[]).filter((name) => text.includes(secrets[name]))
}

/** Every string that V8 still holds. Writing a snapshot collects garbage first. */
async function goneFromMemory(t: Test, fleet: DockerFleet, manager: ManagerProcess): Promise<void> {
  const { token } = manager
  manager.token = undefined
  const startedAt = performance.now()
  const looks: string[] = []
  const left = await until(
    async () => {
      const names = await inMemory(fleet.dataDir, manager)
      looks.push(`${names.join(' ') || 'nothing'} after ${Math.round(performance.now() - startedAt)} ms`)
      return names
    },
    (names) => names.length === 0,
    'no secret in memory',
    goneWithinMs,
    1_000,
  )
  t.strictSame(left, [])
  t.comment(`in memory: ${looks.join(', ')}`)
  manager.token = token
}

async function inMemory(folder: string, manager: ManagerProcess): Promise<Secret[]> {
  const snapshot = () => readdirSync(folder).find((name) => name.endsWith('.heapsnapshot'))
  process.kill(manager.pid ?? 0, 'SIGWINCH')
  const file = join(folder, (await until(snapshot, Boolean, 'a heap snapshot', 30_000)) ?? '')
  // The process does nothing else while it writes, so once it answers it has written.
  await manager.api('GET', '/livez')
  const text = readFileSync(file, 'latin1')
  rmSync(file)
  if (!text.includes('IB Gateway Manager is up')) throw new Error('this is no snapshot of a manager')
  return found(text)
}
