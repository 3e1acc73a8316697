// Real servers for tests: the programs of .ci/services, each built once and kept in the cache under a hash of its sources.
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { accessSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

export type ServiceName = 'mongo' | 'vault'

export const servicesFolder = join(import.meta.dirname, '..', '..', '..', '.ci', 'services')
const readyWithinMs = 60_000

/** What the program says of itself once it is ready. */
export interface ServiceState {
  readonly address: string
  readonly rootToken?: string
  readonly unsealKey?: string
}

export interface Service {
  readonly state: ServiceState
  readonly process: ChildProcess
  /** Ends it well and forgets its data; idempotent. */
  stop(): Promise<void>
  /** As a crash would; its data stays until `stop`. */
  kill(): Promise<void>
  /** After `kill`: on the same port, with the data that is left. */
  restart(): Promise<void>
}

/** The program, when it has been built; see .ci/services/build.sh, whose hash this is. */
export function builtService(name: ServiceName): string | undefined {
  const sources = ['go.mod', 'go.sum', 'main.go'].map((file) =>
    readFileSync(join(servicesFolder, name, file)),
  )
  const hash = createHash('sha256').update(Buffer.concat(sources)).digest('hex')
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  const path = join(cache, 'ibgm', 'services', `${name}-${hash}`)
  return existsSync(path) ? path : undefined
}

/** Starts one on a free port of 127.0.0.1; the caller stops it. `fresh`: a Vault as a new server comes, on files, nothing initialised. */
export async function startService(
  name: ServiceName,
  { fresh = false }: { readonly fresh?: boolean } = {},
): Promise<Service> {
  const binary = builtService(name)
  if (!binary) throw new Error(`${name} is not built; run .ci/services/build.sh ${name}`)
  const folder = mkdtempSync(join(memoryFolder(), `ibgm-${name}-`))
  const stateFile = join(folder, 'state.json')
  // Vault keeps all in memory, unless it is to be fresh.
  const files = {
    mongo: ['-data', join(folder, 'data')],
    vault: fresh ? ['-storage', join(folder, 'data')] : [],
  }
  const data = files[name]

  async function launch(listen: string): Promise<{ child: ChildProcess; state: ServiceState }> {
    rmSync(stateFile, { force: true })
    const child = spawn(binary ?? '', ['-listen', listen, '-state', stateFile, ...data], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    child.stderr?.on('data', (chunk) => {
      said = `${said}${chunk}`.slice(-2_000)
    })
    const deadline = performance.now() + readyWithinMs
    while (!existsSync(stateFile)) {
      if (child.exitCode !== null || performance.now() > deadline) {
        await end(child, 'SIGKILL')
        throw new Error(`${name} did not start: ${said}`)
      }
      await pause(20)
    }
    return { child, state: JSON.parse(readFileSync(stateFile, 'utf8')) }
  }

  let { child, state } = await launch('127.0.0.1:0')
  return {
    get state() {
      return state
    },
    get process() {
      return child
    },
    async stop() {
      await end(child, 'SIGTERM')
      rmSync(folder, { recursive: true, force: true })
    },
    kill: () => end(child, 'SIGKILL'),
    async restart() {
      ;({ child, state } = await launch(new URL(state.address).host))
    },
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}

/** A disk's flushes cost more than all the rest. */
function memoryFolder(): string {
  try {
    accessSync('/dev/shm', 2)
    return '/dev/shm'
  } catch {
    return tmpdir()
  }
}
