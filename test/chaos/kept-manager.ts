// The manager as a service supervisor keeps it: a process of its own, started again when it has died, asked over HTTP.
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { Answer } from '../api-calls.ts'
import { ManagerProcess, Program } from '../integration/manager-process.ts'

const startTries = 60
const betweenTriesMs = 1_000
/** Longer than any answer of a manager that is well takes on a busy machine. */
const answerMs = 20_000

export class KeptManager {
  readonly #env: Readonly<Record<string, string>>
  readonly #folder: string
  readonly #programs: Program[] = []
  #process: ManagerProcess | undefined

  constructor(env: Readonly<Record<string, string>>, folder: string) {
    this.#env = env
    this.#folder = folder
  }

  get isUp(): boolean {
    return this.#process !== undefined
  }

  /** Whether it ended although nobody had ended it. */
  get hasCrashed(): boolean {
    return this.#process !== undefined && (this.#programs.at(-1)?.hasEnded ?? false)
  }

  /** Everything that it has printed, all processes of it. */
  get output(): string {
    return this.#programs.map(({ output }) => output).join('')
  }

  /** Bytes, as the kernel counts; undefined while it is down. */
  get memoryBytes(): number | undefined {
    const pid = this.#process?.pid
    if (pid === undefined) return undefined
    try {
      const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
      return kilobytes === undefined ? undefined : Number(kilobytes) * 1_024
    } catch {
      return undefined
    }
  }

  /** Resolves when it is up; a start that fails is tried again, as a supervisor would. */
  async start(): Promise<void> {
    for (let tries = 1; ; tries++) {
      const program = new Program('main.js', [], this.#env, this.#folder)
      this.#programs.push(program)
      try {
        this.#process = await ManagerProcess.of(program)
        return
      } catch (error) {
        await program.end('SIGKILL')
        if (tries === startTries) throw error
        await pause(betweenTriesMs)
      }
    }
  }

  async kill(): Promise<void> {
    const process = this.#process
    this.#process = undefined
    await process?.end('SIGKILL')
  }

  /** Asks it to end; what has not ended after `boundMs` is killed, and its code is null. */
  async stop(boundMs: number): Promise<{ code: number | null; tookMs: number }> {
    const process = this.#process
    this.#process = undefined
    if (!process) throw new Error('the manager is down')
    return killedAfter(boundMs, process.end('SIGTERM'), () => process.end('SIGKILL'))
  }

  /** Another program of ours over the same configuration, killed after `boundMs`. */
  async run(
    boundMs: number,
    file: string,
    ...args: string[]
  ): Promise<{ code: number | null; output: string }> {
    const program = new Program(file, args, this.#env, this.#folder)
    const code = await killedAfter(boundMs, program.exit(), () => program.end('SIGKILL'))
    return { code, output: program.output }
  }

  /** Undefined when it is down, or dies meanwhile. */
  async ask(method: string, path: string, body?: object): Promise<Answer | undefined> {
    const process = this.#process
    if (!process) return undefined
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, answerMs, undefined)
    })
    try {
      return await Promise.race([process.api(method, path, body), late])
    } catch {
      return undefined
    } finally {
      clearTimeout(timer)
    }
  }

  /** As `ask` of a manager that is up, whatever it answers but an error. */
  async must(method: string, path: string, body?: object): Promise<Answer> {
    const answer = await this.ask(method, path, body)
    if (!answer || answer.status >= 400)
      throw new Error(`${method} ${path}: ${answer ? `${answer.status} ${answer.text}` : 'no answer'}`)
    return answer
  }
}

async function killedAfter<T>(boundMs: number, end: Promise<T>, kill: () => Promise<unknown>): Promise<T> {
  const timer = setTimeout(() => void kill(), boundMs)
  try {
    return await end
  } finally {
    clearTimeout(timer)
  }
}
