// The parent's end of manager-process: one call at a time, and the process's death.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Bench } from './bench.ts'
import type { ManagerAnswer, ManagerCalls, ManagerRequest } from './manager-process.ts'

export class ManagedManager {
  readonly #child: ChildProcess

  /** Forks the process; `call('start', env)` starts the manager in it. It ends with the bench at the latest. */
  constructor(bench: Bench) {
    this.#child = fork(fileURLToPath(new URL('manager-process.js', import.meta.url)))
    bench.defer(() => this.kill())
  }

  async call<K extends keyof ManagerCalls>(
    call: K,
    ...args: Parameters<ManagerCalls[K]>
  ): Promise<Awaited<ReturnType<ManagerCalls[K]>>> {
    const over = new AbortController()
    const request: ManagerRequest = { call, args }
    try {
      const answered = once(this.#child, 'message', over)
      const ended = once(this.#child, 'exit', over).then(() => [{ error: 'the manager has ended' }])
      this.#child.send(request)
      const [answer] = (await Promise.race([answered, ended])) as [ManagerAnswer]
      if ('error' in answer) throw new Error(`${call}: ${answer.error}`)
      return answer.value as Awaited<ReturnType<ManagerCalls[K]>>
    } finally {
      over.abort()
    }
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }
}

export function followerIds(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `g${String(index + 1).padStart(2, '0')}`)
}
