// Credentials that a gateway waits for: read every minute, and only a difference lets it go.
import t from 'tap'
import { CredentialSources } from '../../../src/fleet/logins/credential-sources.ts'
import { Digests } from '../../../src/fleet/logins/digests.ts'
import { SecretWatch } from '../../../src/fleet/logins/secret-watch.ts'
import { GatewayManager } from '../../../src/fleet/manager.ts'
import type { Keeper } from '../../../src/fleet/reconcile/keeper.ts'
import type { Happening } from '../../../src/ports/audit.ts'
import type { GatewayHold, Stores } from '../../../src/ports/stores.ts'
import { never } from '../../contracts/stores.ts'
import { FakeClock, settle } from '../../fake-clock.ts'
import { keeperOf } from '../keepers.ts'
import { silent, state } from '../looks.ts'
import { madeUpVault } from '../made-up-vault.ts'
import { makeWorld, until } from '../world.ts'

const digests = new Digests('a2V5')
const wrong = { username: 'alice', password: 'wrong' }
const right = { username: 'alice', password: 'right' }
const minute = 60_000

/** A gateway that IBKR has rejected with `wrong`, which is still in Vault, and an older copy that differs. */
function watchOf(changed: Partial<Keeper> = {}, hold: Partial<GatewayHold> | null = {}) {
  const clock = new FakeClock()
  const keeper = keeperOf({ state: state({ phase: 'locked' }), ...changed })
  if (hold !== null)
    keeper.record = {
      ...keeper.record,
      hold: { code: 'CREDENTIALS_REJECTED', at: 0, secretHash: digests.secret(wrong), ...hold },
    }
  const vault = madeUpVault({ f1: wrong })
  const copies = {
    ...madeUpVault({ f1: { username: 'alice', password: 'older' } }),
    kind: 'embedded' as const,
  }
  const events: Happening[] = []
  const note = (event: Happening) => void events.push(event)
  const alerts = { settle: () => {}, isOpen: () => false }
  const released: string[] = []
  const watch = new SecretWatch({
    keepers: new Map([['f1', keeper]]),
    credentials: new CredentialSources({ primary: vault, fallback: copies, audit: { note }, alerts }),
    digests,
    stores: { gateways: { put: async () => {} } } as unknown as Stores,
    audit: { note },
    clock,
    log: silent,
    intervalMs: minute,
    release: ({ follower }) => void released.push(follower.id),
  })
  watch.start()
  t.teardown(() => watch.stop())
  /** A minute, and whatever it set off. */
  const pass = async () => {
    await clock.advance(minute)
    await settle()
  }
  return { clock, keeper, vault, events, released, watch, pass }
}

for (const code of ['CREDENTIALS_REJECTED', 'LOCKED_OUT'] as const)
  t.test(
    `held for ${code}: read every minute, released once by another secret, written down once`,
    async (t) => {
      const { keeper, vault, events, released, pass } = watchOf({}, { code })
      for (let i = 1; i <= 5; i++) {
        await pass()
        t.equal(vault.reads, i)
      }
      t.strictSame([events, released], [[], []], 'the same secret is never tried again, and fills no history')
      vault.secrets.set('f1', right)
      await pass()
      t.strictSame(released, ['f1'])
      t.equal(keeper.record.hold, null)
      t.match(events, [
        { type: 'gateway.released', followerId: 'f1', data: { store: 'vault', ref: 'ibkr/f1' } },
      ])
      t.equal(events.length, 1)
      t.notMatch(JSON.stringify(events), /right|alice/)
    },
  )

t.test('while Vault is away, an older copy does not end a hold', async (t) => {
  const { vault, released, events, pass } = watchOf()
  vault.fault = 'VAULT_SEALED'
  await pass()
  t.strictSame([released, events], [[], []])
  vault.fault = null
  vault.secrets.set('f1', right)
  await pass()
  t.strictSame(released, ['f1'])
})

t.test('not known what was rejected: what is there counts as that', async (t) => {
  const { keeper, vault, released, pass } = watchOf()
  const { secretHash: _, ...hold } = keeper.record.hold as GatewayHold
  keeper.record = { ...keeper.record, hold }
  await pass()
  t.strictSame(released, [])
  vault.secrets.set('f1', right)
  await pass()
  t.strictSame(released, ['f1'])
})

for (const code of [
  'CREDENTIALS_MISSING',
  'CREDENTIALS_INCOMPLETE',
  'VAULT_SEALED',
  'VAULT_FORBIDDEN',
] as const)
  t.test(`waiting for ${code}: goes on within a minute of its credentials being there`, async (t) => {
    const { vault, released, pass } = watchOf(
      { state: state({ phase: 'backing-off', cause: { code } }) },
      null,
    )
    vault.fault = code
    await pass()
    t.strictSame(released, [])
    vault.fault = null
    await pass()
    t.strictSame(released, ['f1'])
  })

t.test('nobody else is read: not wanted, held for another reason, waiting for something else', async (t) => {
  const stopped = watchOf()
  stopped.keeper.record = { ...stopped.keeper.record, desired: 'stopped' }
  const others = [
    stopped,
    watchOf({}, { code: 'WRONG_ACCOUNT' }),
    watchOf({ state: state({ phase: 'backing-off', cause: { code: 'PORT_EXHAUSTED' } }) }, null),
    watchOf({ state: state({ phase: 'ready' }) }, null),
  ]
  for (const { vault, pass } of others) {
    await pass()
    t.equal(vault.reads, 0)
  }
})

t.test('a slow read is not begun twice, and ends with the watch', async (t) => {
  const { vault, watch, pass, clock, released } = watchOf()
  let begun = 0
  vault.read = (_, signal) => {
    begun += 1
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  }
  await pass()
  await pass()
  t.equal(begun, 1)
  await watch.stop()
  t.equal(clock.pendingTimers, 0)
  t.strictSame(released, [])
})

t.test('after a PUT, what a login would use decides', async (t) => {
  const { vault, watch, released, keeper, clock } = watchOf()
  await watch.renewed('f1', never)
  t.strictSame(released, [], 'the same one was put')
  t.equal(keeper.askedByPersonAt, null)
  t.notOk(await watch.differs(keeper, never))
  vault.secrets.set('f1', right)
  t.ok(await watch.differs(keeper, never))
  await watch.renewed('f1', never)
  t.strictSame(released, ['f1'])
  t.equal(keeper.askedByPersonAt, clock.now(), 'who put them answers for them')
  await watch.renewed('nobody', never)
})

t.test('a PUT where nothing was rejected: what waits tries at once, for whoever put them', async (t) => {
  const waiting = watchOf(
    { state: state({ phase: 'backing-off', cause: { code: 'CONTAINER_EXITED' } }) },
    null,
  )
  await waiting.watch.renewed('f1', never)
  t.strictSame(waiting.released, ['f1'])
  t.equal(waiting.keeper.askedByPersonAt, waiting.clock.now())

  const stopped = watchOf({ state: state({ phase: 'backing-off' }) }, null)
  stopped.keeper.record = { ...stopped.keeper.record, desired: 'stopped' }
  for (const other of [
    stopped,
    watchOf({ state: state({ phase: 'ready' }) }, null),
    watchOf({}, { code: 'WRONG_ACCOUNT' }),
  ]) {
    await other.watch.renewed('f1', never)
    t.strictSame([other.released, other.keeper.askedByPersonAt, other.vault.reads], [[], null, 0])
  }
})

t.test('a PUT that cannot be read back now is left to the next look', async (t) => {
  const { vault, watch, released, keeper, pass } = watchOf()
  vault.secrets.delete('f1')
  await watch.renewed('f1', never)
  t.strictSame([released, keeper.askedByPersonAt], [[], null])
  vault.secrets.set('f1', right)
  await pass()
  t.strictSame(released, ['f1'])
  vault.read = () => Promise.reject(new TypeError('a bug'))
  keeper.record = { ...keeper.record, hold: { code: 'CREDENTIALS_REJECTED', at: 0 } }
  await t.rejects(watch.renewed('f1', never), { message: 'a bug' })
})

t.test('what changes while a secret is read has the last word', async (t) => {
  const meanwhile: Record<string, (keeper: Keeper) => void> = {
    'that secret was rejected as well': (keeper) => {
      keeper.record = {
        ...keeper.record,
        hold: { code: 'CREDENTIALS_REJECTED', at: 1, secretHash: digests.secret(right) },
      }
    },
    'a person has released it': (keeper) => {
      keeper.record = { ...keeper.record, hold: null }
      keeper.state = state({ phase: 'creating' })
    },
    'nobody wants it any more': (keeper) => {
      keeper.record = { ...keeper.record, desired: 'stopped' }
    },
  }
  for (const [name, happens] of Object.entries(meanwhile)) {
    const { keeper, vault, released, pass } = watchOf()
    vault.secrets.set('f1', right)
    const { read } = vault
    let answer = () => {}
    vault.read = async (...asked) => {
      await new Promise<void>((resolve) => (answer = resolve))
      return read(...asked)
    }
    await pass()
    happens(keeper)
    const { hold } = keeper.record
    answer()
    await settle()
    t.strictSame(released, [], name)
    if (hold?.at === 1) t.equal(keeper.record.hold, hold)
  }
})

t.test(
  'a fleet: rejected, corrected in Vault, up by itself; then Vault away, and the copy serves',
  async (t) => {
    const { deps, runtime } = await makeWorld(t)
    const vault = madeUpVault({ a: { username: 'user-badpass', password: 'sim' } })
    const manager = new GatewayManager({
      ...deps,
      credentials: vault,
      fallbackCredentials: deps.credentials,
      settings: { ...deps.settings, secretIntervalMs: 50 },
    })
    t.teardown(() => manager.stop())
    const reach = (phase: string) =>
      until(
        () => manager.getGateway('a'),
        (gateway) => gateway.phase === phase,
        phase,
      )
    const caller = { actor: 'test' }
    await manager.start()
    await manager.createFollower({ id: 'a' })
    await reach('locked')
    const before = vault.reads
    await until(
      () => vault.reads,
      (reads) => reads > before + 2,
      'read again and again',
    )
    t.match(manager.getGateway('a'), { phase: 'locked', reason: { code: 'CREDENTIALS_REJECTED' } })
    await t.rejects(manager.launchGateway('a'), { code: 'CREDENTIALS_REJECTED' })

    await manager.putCredentials(
      'a',
      { username: 'user-other', password: 'sim' },
      { ...caller, store: 'embedded' },
    )
    t.match(manager.getGateway('a'), { phase: 'locked' }, 'a copy changes nothing while Vault answers')
    t.notOk((await manager.getFollower('a')).vaultSecretRef)

    vault.secrets.set('a', { username: 'user-good', password: 'sim' })
    await reach('ready')

    vault.fault = 'VAULT_UNREACHABLE'
    const [found] = await runtime.list(never)
    await runtime.kill(found?.id ?? '', never)
    await until(
      () => manager.getGateway('a'),
      (gateway) => gateway.phase === 'ready' && gateway.containerId !== found?.id,
      'another container, with the copy',
    )
    const openAlerts = async () => {
      const alerts = await manager.listAlerts({ limit: 100 })
      return alerts.filter(({ resolvedAt }) => resolvedAt === undefined).map(({ key }) => key)
    }
    t.ok((await openAlerts()).includes('credentials:FALLBACK'))
    vault.fault = null
    await until(
      openAlerts,
      (keys) => !keys.includes('credentials:FALLBACK'),
      'Vault is back: the alert is over',
    )

    const events = await manager.listEvents({ limit: 1000, followerId: 'a' })
    const count = (type: string) => events.filter((event) => event.type === type).length
    t.equal(count('gateway.released'), 1, 'read many times, written down once')
    t.equal(count('credentials.fallback'), 1)
    t.strictSame(
      events.filter(({ type }) => type === 'credentials.read').map(({ data }) => data?.store),
      ['vault', 'vault', 'embedded'],
      'every login says where it came from',
    )

    await manager.putCredentials('a', { username: 'user-good', password: 'sim2' }, caller)
    t.match(await manager.getFollower('a'), { vaultSecretRef: 'ibkr/a' }, 'a PUT to Vault sets a missing ref')
    await manager.deleteFollower('a', caller)
    t.ok(vault.secrets.has('a'), 'the secret in Vault is people’s')
  },
)
