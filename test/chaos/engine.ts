// The engine of a run: a dockerd of its own that may be killed, or one that is there anyway and is left alone.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Dockerode from 'dockerode'
import { engineAddress } from '../../src/adapters/docker/engine.ts'
import { until } from '../fleet/world.ts'

const upMs = 90_000
/** One that was about to start containers takes half a minute to end by itself. */
const endMs = 60_000

export interface ChaosEngine {
  readonly docker: Dockerode
  readonly dockerHost: string
  /** Present when it may be ended and started again. */
  readonly own?: OwnEngine
}

/** The engine that DOCKER_HOST or the default socket names. */
export function givenEngine(): ChaosEngine {
  const dockerHost = process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock'
  return { docker: new Dockerode(engineAddress(dockerHost)), dockerHost }
}

export class OwnEngine implements ChaosEngine {
  readonly docker: Dockerode
  readonly dockerHost: string
  readonly own = this
  readonly #folder: string
  #process: ChildProcess | undefined

  constructor(folder: string) {
    this.#folder = join(folder, 'engine')
    mkdirSync(this.#folder)
    const socketPath = join(this.#folder, 'docker.sock')
    this.dockerHost = `unix://${socketPath}`
    this.docker = new Dockerode({ socketPath })
    this.#configure(false)
  }

  get isUp(): boolean {
    return this.#process !== undefined
  }

  /** Resolves when it answers. */
  async start(): Promise<void> {
    const at = (name: string) => join(this.#folder, name)
    const log = openSync(at('dockerd.log'), 'a')
    const child = spawn(
      'dockerd',
      [
        ...['--data-root', at('data'), '--exec-root', at('exec'), '--pidfile', at('dockerd.pid')],
        ...['--host', this.dockerHost, '--config-file', at('daemon.json'), '--log-level', 'warn'],
      ],
      { stdio: ['ignore', log, log] },
    )
    child.on('error', () => {})
    await until(
      () => (child.exitCode === null ? this.#answers() : Promise.reject(this.#failure())),
      Boolean,
      'dockerd answers',
      upMs,
      100,
    )
    this.#process = child
  }

  /** `keepContainers`: they live on without it (live-restore), as when its package is upgraded. */
  async stop(keepContainers = false): Promise<void> {
    this.#configure(keepContainers)
    this.#process?.kill('SIGHUP')
    await until(
      () => this.docker.info(),
      (info) => info.LiveRestoreEnabled === keepContainers,
      'dockerd has read its configuration',
      upMs,
      50,
    )
    await this.#end('SIGTERM')
  }

  /** As by a crash: the next one ends every container that it finds. */
  kill(): Promise<void> {
    this.#configure(false)
    return this.#end('SIGKILL')
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    const late = setTimeout(() => child.kill('SIGKILL'), endMs)
    await gone
    clearTimeout(late)
  }

  #configure(liveRestore: boolean): void {
    writeFileSync(join(this.#folder, 'daemon.json'), JSON.stringify({ 'live-restore': liveRestore }))
  }

  #answers(): Promise<boolean> {
    return this.docker.ping().then(
      () => true,
      () => false,
    )
  }

  #failure(): Error {
    const log = readFileSync(join(this.#folder, 'dockerd.log'), 'utf8')
    return new Error(`dockerd did not start: ${log.slice(-2_000)}`)
  }
}
