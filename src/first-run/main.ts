// The `init` service of docker-compose.yml: the secrets of the first run, each for its one reader, and Vault opened. Runs at every `up`.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SecretFiles } from './secret-files.ts'
import { setUpVault } from './vault-setup.ts'

/** User ids: root's own, the `mongodb` user of MongoDB's official image, and the user of ours. */
const readers = { init: 0, mongodb: 999, manager: 1000 }
const patienceMs = 90_000

const say = (line: string) => console.log(`init: ${line}`)
const {
  SECRETS_DIR = '/secrets',
  GIVEN_SECRETS_DIR = '/run/secrets',
  MONGODB_PORT = '27017',
  MONGODB_URL_OPTIONS = '',
  VAULT_ADDR = 'http://vault:8200',
  VAULT_KV_MOUNT = 'secret',
} = process.env

/** What whoever runs it gives to the manager; each is an empty file when it is not set. */
const given = ['discord-webhook-url', 'alert-webhook-url']

/** Vault holds all logins: what opens it is for root, and this program, alone. */
const vaultKeysFile = 'vault-keys.json'

try {
  const files = new SecretFiles({ folder: SECRETS_DIR })
  const password = files.keep(
    'mongodb-root-password',
    () => randomBytes(24).toString('base64url'),
    readers.mongodb,
  )
  const url = `mongodb://root:${password}@127.0.0.1:${MONGODB_PORT}/`
  files.write('mongodb-url', MONGODB_URL_OPTIONS ? `${url}?${MONGODB_URL_OPTIONS}` : url, readers.manager)
  for (const name of given)
    files.write(name, readFileSync(join(GIVEN_SECRETS_DIR, name), 'utf8').trim(), readers.manager)
  await setUpVault({
    address: VAULT_ADDR,
    mount: VAULT_KV_MOUNT,
    keys: {
      read: () => {
        const text = files.read(vaultKeysFile)
        return text === undefined ? undefined : JSON.parse(text)
      },
      write: (keys) => files.write(vaultKeysFile, JSON.stringify(keys), readers.init),
    },
    appRole: {
      read() {
        const roleId = files.read('vault-role-id')
        const secretId = files.read('vault-secret-id')
        return roleId === undefined || secretId === undefined ? undefined : { roleId, secretId }
      },
      write({ roleId, secretId }) {
        files.write('vault-role-id', roleId, readers.manager)
        files.write('vault-secret-id', secretId, readers.manager)
      },
    },
    say,
    patienceMs,
  })
  say('the secrets are in place')
} catch (error) {
  const { message, cause } = error as Error
  process.stderr.write(`init: ${message}${cause instanceof Error ? ` (${cause.message})` : ''}\n`)
  process.exitCode = 1
}
