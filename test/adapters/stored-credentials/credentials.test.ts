// Stored credentials: the port's promises, what lies in the store, and keys that do not fit.
import { randomBytes } from 'node:crypto'
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createStoredCredentials } from '../../../src/adapters/stored-credentials/credentials.ts'
import { loadCredentialsKey } from '../../../src/adapters/stored-credentials/key-file.ts'
import { seal, sealingKey, unseal } from '../../../src/adapters/stored-credentials/seal.ts'
import { systemClock } from '../../../src/adapters/system-clock.ts'
import type { Log } from '../../../src/ports/log.ts'
import type { SealedSecretStore } from '../../../src/ports/stores.ts'
import { credentialsContract } from '../../contracts/credentials.ts'
import { follower, never } from '../../contracts/stores.ts'
import { testFolder } from '../../test-folder.ts'

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log }
const login = { username: 'canary-user', password: 'canary-password' }
const clock = systemClock()

function memory(): SealedSecretStore & { values: Map<string, string> } {
  const values = new Map<string, string>()
  return {
    values,
    get: async (id) => values.get(id) ?? null,
    put: async (id, sealed) => void values.set(id, sealed),
    delete: async (id) => void values.delete(id),
  }
}

credentialsContract(t, async () =>
  createStoredCredentials({ secrets: memory(), key: randomBytes(32), clock }),
)

t.test('what is stored shows nothing, and differs each time', async (t) => {
  const secrets = memory()
  const store = createStoredCredentials({ secrets, key: randomBytes(32), clock })
  await store.write(follower('anna'), login, never)
  const first = secrets.values.get('anna') ?? ''
  await store.write(follower('anna'), login, never)
  t.not(secrets.values.get('anna'), first)
  t.notMatch(first + Buffer.from(first.split('.')[2] ?? '', 'base64url').toString('latin1'), /canary/)
})

t.test('another key, another follower, a changed value: each an error that says so', async (t) => {
  const secrets = memory()
  const store = createStoredCredentials({ secrets, key: randomBytes(32), clock })
  await store.write(follower('anna'), login, never)
  const sealed = secrets.values.get('anna') ?? ''

  const stranger = createStoredCredentials({ secrets, key: randomBytes(32), clock })
  const otherKey = {
    code: 'CREDENTIALS_MISSING',
    message: /anna were stored under another key .*CREDENTIALS_KEY/,
  }
  await t.rejects(stranger.read(follower('anna'), never), otherKey)

  const damaged = { code: 'CREDENTIALS_MISSING', message: /damaged/ }
  secrets.values.set('bert', sealed)
  await t.rejects(store.read(follower('bert'), never), damaged, 'a login moved to another follower')
  for (const broken of ['', 'v1', 'v2.x.y', sealed.slice(0, 40), `${sealed.slice(0, -2)}AA`]) {
    secrets.values.set('anna', broken)
    await t.rejects(store.read(follower('anna'), never), damaged, broken)
  }
})

t.test('the buffer that is sealed is zeroed', async (t) => {
  const key = sealingKey(randomBytes(32))
  const plain = Buffer.from('canary')
  const sealed = seal(plain, 'anna', key)
  t.strictSame(plain, Buffer.alloc(6))
  t.match(unseal(sealed, 'anna', key), { outcome: 'ok', plain: Buffer.from('canary') })
})

t.test('the key file: made once, for its owner only', async (t) => {
  const dataDir = testFolder(t)
  const path = join(dataDir, 'credentials.key')
  const key = loadCredentialsKey({ dataDir, log })
  t.equal(key.length, 32)
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.strictSame(loadCredentialsKey({ dataDir, log }), key)
  chmodSync(path, 0o644)
  t.strictSame(loadCredentialsKey({ dataDir, log }), key)
  t.equal(statSync(path).mode & 0o777, 0o600, 'opened to others, it is closed again')

  writeFileSync(path, 'short')
  t.throws(() => loadCredentialsKey({ dataDir, log }), {
    code: 'DATA_DIR_UNUSABLE',
    message: /damaged: it holds 3 bytes/,
  })
  t.equal(readFileSync(path, 'utf8'), 'short', 'and is not replaced, or every login would be lost')
  t.throws(() => loadCredentialsKey({ dataDir: path, log }), {
    code: 'DATA_DIR_UNUSABLE',
    message: /ENOTDIR/,
  })
})
