// A fleet whose secrets are in a real Vault: up by the record alone, unharmed while Vault is away, back by itself.
import { pino } from 'pino'
import t from 'tap'
import { systemClock } from '../../src/adapters/system-clock.ts'
import { createVaultCredentials } from '../../src/adapters/vault/credentials.ts'
import { GatewayManager } from '../../src/fleet/manager.ts'
import { RealVault } from '../adapters/vault/subject.ts'
import { never } from '../contracts/stores.ts'
import { makeWorld, until } from '../fleet/world.ts'
import { gate } from '../integration-gate.ts'
import { builtService, startService } from '../services/service.ts'

/** The one password that a simulated user with this ending takes. */
const password = 's\\i"m\'#=é€'
/** The part of it that no quoting changes. */
const canary = "m'#=é€"

t.test(
  'records and secrets alone bring gateways up; a Vault that is sealed harms none that runs',
  async (t) => {
    if (!(await gate(t, 'vault'))) return
    if (!builtService('vault'))
      return t.plan(0, 'seals a Vault of its own: needs .ci/services/build.sh vault')
    const service = await startService('vault')
    t.teardown(() => service.stop())
    const vault = new RealVault(service.state.address, service.state.rootToken)
    await vault.ask('POST', 'secret/data/ibkr/follower_123', {
      data: { IB_USER: 'first-oddpass', IB_PASS: password },
    })
    const lines: string[] = []
    const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
    const credentials = createVaultCredentials({
      ...vault,
      auth: vault.auth,
      mount: 'secret',
      clock: systemClock(),
      log,
    })
    t.teardown(() => credentials.close())
    const { deps, runtime } = await makeWorld(t)
    const settings = { ...deps.settings, secretIntervalMs: 100 }
    const manager = new GatewayManager({ ...deps, log, credentials, settings })
    t.teardown(() => manager.stop())
    const reach = (id: string, phase: string) =>
      until(
        () => manager.getGateway(id),
        (gateway) => gateway.phase === phase,
        `${id} ${phase}`,
      )

    await manager.start()
    await manager.createFollower({ id: 'follower_123', vaultSecretRef: 'ibkr/follower_123' })
    const { containerId } = await reach('follower_123', 'ready')
    await vault.ask('POST', 'sys/seal')
    await manager.createFollower({ id: 'late' })
    t.match(await reach('late', 'backing-off'), { reason: { code: 'VAULT_SEALED', action: String } })
    t.match(manager.getGateway('follower_123'), { phase: 'ready', containerId })
    t.match(await manager.systemStatus(never), { credentials: { reachable: false } })

    await vault.ask('POST', 'sys/unseal', { key: service.state.unsealKey })
    await until(
      () => manager.getGateway('late').reason?.code,
      (code) => code === 'CREDENTIALS_MISSING',
      'it says what lacks now',
    )
    await manager.putCredentials('late', { username: 'late-oddpass', password })
    await reach('late', 'ready')
    t.match(await manager.getFollower('late'), { vaultSecretRef: 'ibkr/late' })
    const { data } = await vault.ask('GET', 'secret/data/ibkr/late')
    t.strictSame(data.data, { IB_USER: 'late-oddpass', IB_PASS: password })

    const events = await manager.listEvents({ limit: 1000 })
    const reads = events.filter(({ type }) => type === 'credentials.read').map((event) => event.data)
    t.strictSame(reads, [
      { store: 'vault', ref: 'ibkr/follower_123' },
      { store: 'vault', ref: 'ibkr/late' },
    ])
    const shown = JSON.stringify([
      events,
      manager.listGateways({ limit: 10 }),
      await runtime.list(never),
      lines,
    ])
    for (const secret of [canary, vault.token, 'late-oddpass']) t.notOk(shown.includes(secret))
  },
)
