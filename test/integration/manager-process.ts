// The product as its users run it: a process of its own, spoken to over HTTP alone.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { FleetEvent } from '../../schemas/event.ts'
import type { Gateway } from '../../schemas/gateway.ts'
import { type Answer, apiCalls } from '../api-calls.ts'
import { until } from '../fleet/world.ts'
import { canary } from './docker-fleet.ts'

const source = join(import.meta.dirname, '..', '..', 'src')

/** A process that is asked all the time has none for its work. */
const lookEveryMs = 50
/** Far more than it takes: a busy machine is no failure. */
const upMs = 60_000

/** One program of ours that runs, and all that it has printed. */
export class Program {
  readonly #child: ChildProcess
  readonly #exit: Promise<number | null>
  #output = ''

  /** `file` is relative to the compiled src. */
  constructor(file: string, args: readonly string[], env: Readonly<Record<string, string>>, cwd: string) {
    this.#child = spawn(process.execPath, [join(source, file), ...args], {
      env,
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        this.#output += chunk
      })
    }
    this.#exit = once(this.#child, 'close').then(([code]) => code)
  }

  get output(): string {
    return this.#output
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** Resolves with the exit code; null after a signal that it did not catch. */
  exit(): Promise<number | null> {
    return this.#exit
  }

  /** Exit code, and how long it took. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<{ code: number | null; tookMs: number }> {
    const before = performance.now()
    if (!this.hasEnded) this.#child.kill(signal)
    const code = await this.#exit
    return { code, tookMs: performance.now() - before }
  }
}

/** A manager that is up. */
export class ManagerProcess {
  /** Sent with each request; none when undefined. */
  token: string | undefined
  readonly #program: Program
  readonly #url: string

  private constructor(program: Program, url: string) {
    this.#program = program
    this.#url = url
  }

  static async of(program: Program): Promise<ManagerProcess> {
    const url = await until(
      () => /"url":"([^"]+)".*is up"/.exec(program.output)?.[1] ?? (program.hasEnded ? null : undefined),
      (found) => found !== undefined,
      'the manager is up',
      upMs,
    )
    if (!url) throw new Error(`the manager did not come up: ${program.output}`)
    return new ManagerProcess(program, url)
  }

  get output(): string {
    return this.#program.output
  }

  get pid(): number | undefined {
    return this.#program.pid
  }

  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<{ code: number | null; tookMs: number }> {
    return this.#program.end(signal)
  }

  /** `path` without the base `/api/v1`, but for probes and pages; a text is sent as it is, and said to be JSON. */
  async api(method: string, path: string, body?: object | string): Promise<Answer> {
    const base = /^\/(readyz|livez|openapi|docs)/.test(path) ? '' : '/api/v1'
    return apiCalls(`${this.#url}${base}`, this.token)(method, path, body)
  }

  /** Creates a follower that nobody wants up yet, and gives it a login. */
  async follow(id: string, record: object = {}): Promise<void> {
    const created = await this.api('POST', '/followers', { id, enabled: false, ...record })
    if (created.status !== 201) throw new Error(created.text)
    const login = { username: `user-${id}`, password: canary }
    const put = await this.api('PUT', `/followers/${id}/credentials`, login)
    if (put.status !== 204) throw new Error(put.text)
    await this.api('PATCH', `/followers/${id}`, { enabled: true })
  }

  /** Holds until RUNNING or FAILED. */
  async launch(id: string): Promise<Gateway> {
    return (await this.api('POST', `/gateways/${id}/launch?wait=60`)).body
  }

  async gateway(id: string): Promise<Gateway> {
    return (await this.api('GET', `/gateways/${id}`)).body
  }

  reach(id: string, what: string, there: (gateway: Gateway) => boolean, boundMs = 30_000): Promise<Gateway> {
    return until(() => this.gateway(id), there, `${id} ${what}`, boundMs, lookEveryMs)
  }

  /** RUNNING in another container than `before`. */
  replaced(id: string, before: string | undefined): Promise<Gateway> {
    return this.reach(
      id,
      'RUNNING on a new container',
      ({ status, containerId }) => status === 'RUNNING' && containerId !== before,
    )
  }

  async events(followerId: string): Promise<FleetEvent[]> {
    return (await this.api('GET', `/events?followerId=${followerId}&limit=1000`)).body.items
  }

  /** The reasons that its events name, in order. */
  async reasons(followerId: string): Promise<string[]> {
    const events = await this.events(followerId)
    return events.flatMap(({ data }) => (typeof data?.reason === 'string' ? [data.reason] : []))
  }
}
