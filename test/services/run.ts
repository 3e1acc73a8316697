// `npm run services`: a MongoDB-protocol server and a Vault, until Ctrl-C; with `-- COMMAND…` for as long as that command runs, in its environment.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { builtService, type Service, type ServiceName, servicesFolder, startService } from './service.ts'

const names: readonly ServiceName[] = ['mongo', 'vault']

function build(): void {
  const missing = names.filter((name) => !builtService(name))
  if (missing.length > 0)
    console.error(
      `Building ${missing.join(' and ')} once, from source with Go: about 8 minutes for both on two idle cores, 3 GB of disk for Go's caches, kept in ~/.cache/ibgm/services. Later starts take a second.`,
    )
  for (const name of missing) {
    const { status } = spawnSync(join(servicesFolder, 'build.sh'), [name], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    if (status !== 0) throw new Error(`${name} could not be built`)
  }
}

function environment(mongo: Service, vault: Service): Record<string, string> {
  return {
    MONGODB_URL: mongo.state.address,
    VAULT_ADDR: vault.state.address,
    VAULT_TOKEN: vault.state.rootToken ?? '',
  }
}

async function runCommand([command = '', ...args]: string[], env: Record<string, string>): Promise<number> {
  const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...env } })
  const pass = (signal: NodeJS.Signals) => child.kill(signal)
  process.on('SIGINT', pass).on('SIGTERM', pass)
  const [code] = await once(child, 'exit')
  return typeof code === 'number' ? code : 1
}

async function waitForCtrlC(env: Record<string, string>): Promise<number> {
  for (const [name, value] of Object.entries(env)) console.log(`export ${name}=${value}`)
  console.error('Both run on this machine only, with data that goes when they end. Ctrl-C stops them.')
  // Signals alone keep no process alive.
  const keepAlive = setInterval(() => {}, 60_000)
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  clearInterval(keepAlive)
  return 0
}

// npm takes the first `--` for itself.
const command = process.argv.slice(process.argv[2] === '--' ? 3 : 2)
build()
const started: Service[] = []
try {
  const mongo = await startService('mongo')
  started.push(mongo)
  const vault = await startService('vault')
  started.push(vault)
  const env = environment(mongo, vault)
  process.exitCode = await (command.length > 0 ? runCommand(command, env) : waitForCtrlC(env))
} finally {
  await Promise.all(started.map((service) => service.stop()))
}
