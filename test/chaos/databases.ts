// The stores of a run that may die: MongoDB's protocol server, and a Vault that comes back sealed and is unsealed by a person.
import { RealVault } from '../adapters/vault/subject.ts'
import { builtService, type Service, type ServiceName, startService } from '../services/service.ts'

/** A server of the run's own: killed as by a crash, and brought back with its data. */
export interface Killable {
  readonly env: Readonly<Record<string, string>>
  kill(): Promise<void>
  bringBack(): Promise<void>
  stop(): Promise<void>
}

/** Why this server cannot be had; undefined when it can. */
export function lacksService(name: ServiceName): string | undefined {
  return builtService(name) ? undefined : `needs .ci/services/build.sh ${name}`
}

export async function startMongo(database: string): Promise<Killable> {
  const service = await startService('mongo')
  return {
    env: { MONGODB_URL: service.state.address, MONGODB_DB: database },
    kill: () => service.kill(),
    bringBack: () => service.restart(),
    stop: () => service.stop(),
  }
}

export async function startVault(): Promise<Killable> {
  const service = await startService('vault', { fresh: true })
  const { key, token } = await initialise(service)
  return {
    env: { VAULT_ADDR: service.state.address, VAULT_TOKEN: token },
    kill: () => service.kill(),
    async bringBack() {
      await service.restart()
      await new RealVault(service.state.address, token).ask('PUT', 'sys/unseal', { key })
    },
    stop: () => service.stop(),
  }
}

async function initialise({ state }: Service): Promise<{ key: string; token: string }> {
  const made = await new RealVault(state.address, '').ask('PUT', 'sys/init', {
    secret_shares: 1,
    secret_threshold: 1,
  })
  const [key, token] = [made.keys[0] as string, made.root_token as string]
  const vault = new RealVault(state.address, token)
  await vault.ask('PUT', 'sys/unseal', { key })
  await vault.ask('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
  return { key, token }
}
