// Falling back to stored copies: only while Vault is away, told each time, over as soon as it answers.
import t from 'tap'
import { CredentialSources } from '../../../src/fleet/logins/credential-sources.ts'
import type { AlertDraft } from '../../../src/ports/alerts.ts'
import type { Happening } from '../../../src/ports/audit.ts'
import { never } from '../../contracts/stores.ts'
import { follower } from '../looks.ts'
import { madeUpVault } from '../made-up-vault.ts'

const current = { username: 'alice', password: 'current' }
const copy = { username: 'alice', password: 'copy' }
const anna = follower({ id: 'anna' })

function sourcesOf() {
  const vault = madeUpVault({ anna: current })
  const copies = { ...madeUpVault(), kind: 'embedded' as const }
  const events: Happening[] = []
  let open: AlertDraft[] = []
  const sources = new CredentialSources({
    primary: vault,
    fallback: copies,
    audit: { note: (event) => void events.push(event) },
    alerts: {
      settle: (prefix, drafts) => {
        open = [...open.filter(({ key }) => !key.startsWith(prefix)), ...drafts]
      },
      isOpen: (key) => open.some((draft) => draft.key === key),
    },
  })
  return { vault, copies, sources, events, alerts: () => open }
}

t.test('Vault answers: no copy is looked at', async (t) => {
  const { sources, copies, events } = sourcesOf()
  copies.secrets.set('anna', copy)
  t.strictSame(await sources.read(anna, never), {
    credentials: current,
    from: { store: 'vault', ref: 'ibkr/anna' },
  })
  const elsewhere = follower({ id: 'anna', vaultSecretRef: 'desk/one' })
  t.match(await sources.read(elsewhere, never), { from: { ref: 'desk/one' } })
  t.strictSame(events, [])
})

for (const code of ['VAULT_UNREACHABLE', 'VAULT_TIMEOUT', 'VAULT_SEALED'] as const)
  t.test(`${code}: the copy serves, an event and an alert say so, and the next answer ends it`, async (t) => {
    const { sources, vault, copies, events, alerts } = sourcesOf()
    vault.fault = code
    await t.rejects(sources.read(anna, never), { code }, 'no copy, no login')
    t.strictSame(events, [])
    t.match(alerts(), [{ key: 'credentials:DOWN', level: 'ERROR', code, message: /anna waits for it/ }])
    await t.rejects(sources.read(follower({ id: 'berta' }), never), { code })
    t.match(alerts(), [{ message: /anna waits for it/ }], 'one for all who wait')
    vault.fault = null
    await sources.read(anna, never)
    t.strictSame(alerts(), [], 'it answers')
    vault.fault = code
    copies.secrets.set('anna', copy)
    t.strictSame(await sources.read(anna, never), { credentials: copy, from: { store: 'embedded' } })
    t.match(events, [
      { type: 'credentials.fallback', followerId: 'anna', data: { reason: code, ref: 'ibkr/anna' } },
    ])
    t.match(alerts(), [{ level: 'WARNING', code, action: String }])
    t.notMatch(JSON.stringify([events, alerts()]), /copy"|alice/)
    await t.rejects(sources.readPrimary(anna, never), { code }, 'only who asks for it gets the copy')
    t.equal(alerts().length, 1)
    vault.fault = null
    await sources.read(anna, never)
    t.strictSame(alerts(), [])
  })

for (const code of ['VAULT_FORBIDDEN', 'CREDENTIALS_MISSING', 'CREDENTIALS_INCOMPLETE'] as const)
  t.test(`${code} never falls back, and shows that Vault is there`, async (t) => {
    const { sources, vault, copies, alerts } = sourcesOf()
    copies.secrets.set('anna', copy)
    vault.fault = 'VAULT_SEALED'
    await sources.read(anna, never)
    vault.fault = code
    await t.rejects(sources.read(anna, never), { code })
    t.strictSame(alerts(), [])
  })

t.test('with nobody logging in, the return of Vault is noticed all the same', async (t) => {
  const { sources, vault, copies, alerts } = sourcesOf()
  copies.secrets.set('anna', copy)
  vault.fault = 'VAULT_UNREACHABLE'
  await sources.read(anna, never)
  await sources.noticeReturn(never)
  t.equal(alerts().length, 1)
  vault.fault = null
  await sources.noticeReturn(never)
  t.strictSame(alerts(), [])
})

t.test('a secret that no gateway could be given fails before a login is spent', async (t) => {
  const { sources, vault } = sourcesOf()
  vault.secrets.set('anna', { username: 'alice', password: 'from a file\n' })
  await t.rejects(sources.read(anna, never), { code: 'CREDENTIALS_INVALID', message: /password/ })
})

t.test('writes go where they are asked to; removal forgets the copy', async (t) => {
  const { sources, vault, copies } = sourcesOf()
  t.strictSame(await sources.write(anna, copy, 'embedded', never), { store: 'embedded' })
  t.strictSame([vault.secrets.get('anna'), copies.secrets.get('anna')], [current, copy])
  t.strictSame(await sources.write(anna, copy, undefined, never), { store: 'vault', ref: 'ibkr/anna' })
  t.strictSame(vault.secrets.get('anna'), copy)
})
