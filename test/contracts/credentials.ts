// What every credential store promises, as one suite that runs against each adapter.
import type { Test } from 'tap'
import type { CredentialStore } from '../../src/ports/credentials.ts'
import { isFleetError } from '../../src/ports/errors.ts'
import { follower, never } from './stores.ts'

/** Logins that must come back as they went in. */
const logins = [
  { username: 'alice', password: 'sim' },
  { username: 'a', password: 's\\i"m\'#=é€' },
  { username: 'Zoë:x', password: 'in ner blanks $HOME \u{1F600}' },
  { username: 'u'.repeat(200), password: 'p'.repeat(500) },
]

const unfit: Record<string, { username: string; password: string }> = {
  'an empty name': { username: '', password: 'x' },
  'an empty password': { username: 'alice', password: '' },
  'a blank in front': { username: 'alice', password: ' secret-canary' },
  'a blank at the end': { username: 'alice ', password: 'secret-canary' },
  'a line break': { username: 'alice', password: 'secret\ncanary' },
  'a NUL': { username: 'alice', password: 'secret\0canary' },
  'a DEL': { username: 'alice', password: 'secret\x7fcanary' },
  'a tab': { username: 'ali\tce', password: 'secret-canary' },
}

/** `keeps`: the secrets are people's, so that `remove` leaves them. */
export function credentialsContract(
  t: Test,
  open: (t: Test) => Promise<CredentialStore>,
  { keeps = false }: { keeps?: boolean } = {},
): void {
  t.test('put, read, replace, remove', async (t) => {
    const store = await open(t)
    const anna = follower('anna')
    await t.rejects(store.read(anna, never), { code: 'CREDENTIALS_MISSING', message: /anna/ })
    for (const login of logins) {
      await store.write(anna, login, never)
      t.strictSame(await store.read(anna, never), login)
    }
    await t.rejects(store.read(follower('bert'), never), { code: 'CREDENTIALS_MISSING' })
    await store.remove(anna)
    await store.remove(anna)
    if (keeps) t.strictSame(await store.read(anna, never), logins.at(-1))
    else await t.rejects(store.read(anna, never), { code: 'CREDENTIALS_MISSING' })
    t.ok((await store.ping(never)).latencyMs >= 0)
  })

  t.test('what no gateway could be given is refused, and nothing is changed', async (t) => {
    const store = await open(t)
    const anna = follower('anna')
    const good = { username: 'alice', password: 'sim' }
    await store.write(anna, good, never)
    for (const [title, login] of Object.entries(unfit)) {
      const error = await store.write(anna, login, never).then(
        () => undefined,
        (error: unknown) => error,
      )
      t.ok(isFleetError(error, 'CREDENTIALS_INVALID') && error.faults?.length === 1, title)
      t.notMatch(JSON.stringify([error, String(error)]), /canary|ali/, `${title}: the message shows no value`)
    }
    t.strictSame(await store.read(anna, never), good)
  })

  t.test('an aborted call does nothing', async (t) => {
    const store = await open(t)
    const login = { username: 'alice', password: 'sim' }
    await t.rejects(store.write(follower('anna'), login, AbortSignal.abort()), { name: 'AbortError' })
    await t.rejects(store.read(follower('anna'), AbortSignal.abort()), { name: 'AbortError' })
    await t.rejects(store.read(follower('anna'), never), { code: 'CREDENTIALS_MISSING' })
  })
}
