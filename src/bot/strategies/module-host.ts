// Runs one strategy module in a worker thread of its own: whatever it does, hanging included, it can be stopped and cannot stop the bot.
// It is no sandbox: a module may do what the bot's user may do. It only never holds a connection, a broker or the gate.
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Clock } from '../../ports/clock.ts'
import { messageOf } from '../../ports/errors.ts'
import type { Log } from '../../ports/log.ts'
import type { OrderIntent } from '../intents.ts'
import { checkIntents } from './intent-schema.ts'
import type { FromWorker, ModuleToLoad, ToWorker } from './module-messages.ts'
import type { Moment, Strategy } from './strategy.ts'

/** A strategy module did not load, threw, hung, ended or answered what is no order. It runs no more. The message is a sentence for a person. */
export class StrategyFailed extends Error {
  override readonly name = 'StrategyFailed'
}

export interface ModuleOptions {
  readonly clock: Clock
  /** What the module writes to its standard output goes there: ours carries the bot's log. */
  readonly log: Log
  /** [10 s] */
  readonly loadTimeoutMs?: number
  /** [10 s] */
  readonly decideTimeoutMs?: number
}

export interface HostedStrategy extends Strategy {
  /** StrategyFailed; once failed, always. An aborted `signal` rejects with its reason and leaves the module running. */
  decide(moment: Moment, signal: AbortSignal): Promise<readonly OrderIntent[]>
  /** Ends its thread. */
  close(): Promise<void>
}

interface Call {
  readonly resolve: (intents: readonly OrderIntent[]) => void
  readonly reject: (error: unknown) => void
}

/** Loads the module at a path or file URL, relative to the working directory. StrategyFailed. */
export async function loadStrategyModule(path: string, options: ModuleOptions): Promise<HostedStrategy> {
  const hosted = new HostedModule(path, options)
  await hosted.loaded
  return hosted
}

class HostedModule implements HostedStrategy {
  readonly loaded: Promise<void>
  readonly #path: string
  readonly #clock: Clock
  readonly #decideTimeoutMs: number
  readonly #worker: Worker
  readonly #calls = new Map<number, Call>()
  #name = ''
  #lastCall = 0
  #failed: StrategyFailed | undefined
  #onLoaded: (error?: StrategyFailed) => void = () => {}

  constructor(path: string, { clock, log, loadTimeoutMs = 10_000, decideTimeoutMs = 10_000 }: ModuleOptions) {
    this.#path = path
    this.#clock = clock
    this.#decideTimeoutMs = decideTimeoutMs
    const url = path.startsWith('file:') ? path : pathToFileURL(path).href
    this.#worker = new Worker(new URL('./module-worker.js', import.meta.url), {
      workerData: { url } satisfies ModuleToLoad,
      execArgv: [],
      // The bot's tokens and webhooks are none of its business.
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: 256 },
      stdout: true,
      stderr: true,
    })
    this.#worker.on('message', (message: FromWorker) => this.#hear(message))
    this.#worker.on('error', (error: unknown) => this.#fail(`ended with an error: ${clipped(error)}`))
    this.#worker.on('exit', (code) => this.#fail(`ended by itself, with exit code ${code}`))
    for (const stream of [this.#worker.stdout, this.#worker.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        log.info({ strategyModule: path, text: text.slice(0, 1000).trimEnd() }, 'A strategy module wrote')
      })
    const cancel = clock.schedule(loadTimeoutMs, () =>
      this.#fail(`did not load within ${loadTimeoutMs / 1000} s`),
    )
    this.loaded = new Promise((resolve, reject) => {
      this.#onLoaded = (error) => {
        cancel()
        if (error) {
          reject(error)
        } else {
          this.#worker.unref()
          resolve()
        }
      }
    })
  }

  get name(): string {
    return this.#name
  }

  decide(moment: Moment, signal: AbortSignal): Promise<readonly OrderIntent[]> {
    return new Promise((resolve, reject) => {
      if (this.#failed) return reject(this.#failed)
      if (signal.aborted) return reject(signal.reason)
      this.#lastCall += 1
      const call = this.#lastCall
      const done = () => {
        this.#calls.delete(call)
        if (this.#calls.size === 0) this.#worker.unref()
        cancel()
        signal.removeEventListener('abort', onAbort)
      }
      const onAbort = () => {
        done()
        this.#send({ kind: 'abort', call })
        reject(signal.reason)
      }
      const cancel = this.#clock.schedule(this.#decideTimeoutMs, () =>
        this.#fail(`did not answer within ${this.#decideTimeoutMs / 1000} s`),
      )
      signal.addEventListener('abort', onAbort, { once: true })
      this.#calls.set(call, {
        resolve: (intents) => {
          done()
          resolve(intents)
        },
        reject: (error) => {
          done()
          reject(error)
        },
      })
      this.#worker.ref()
      this.#send({ kind: 'decide', call, moment })
    })
  }

  async close(): Promise<void> {
    this.#fail('was stopped')
    await this.#worker.terminate()
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message)
  }

  #hear(message: FromWorker): void {
    if (this.#failed) return
    switch (message?.kind) {
      case 'loaded':
        this.#name ||= message.name
        this.#onLoaded()
        break
      case 'not-loaded':
        this.#fail(`did not load: ${message.why}`)
        break
      case 'threw':
        // Whoever gave up waiting may well be thrown at.
        if (this.#calls.has(message.call)) this.#fail(`threw: ${message.why}`)
        break
      case 'decided':
        this.#take(message.call, message.answer)
        break
      default:
        this.#fail('sent a message that only the bot may send')
    }
  }

  #take(number: number, answer: string): void {
    const call = this.#calls.get(number)
    if (!call) return
    const checked = checkIntents(parsed(answer))
    if ('fault' in checked) this.#fail(`answered what is no order: ${checked.fault}`)
    else call.resolve(checked.intents)
  }

  /** Ends it for good; the first reason counts. */
  #fail(what: string): void {
    if (this.#failed) return
    const who = this.#name ? `Strategy ${this.#name} (${this.#path})` : `Strategy module ${this.#path}`
    this.#failed = new StrategyFailed(`${who} ${what}.`)
    this.#onLoaded(this.#failed)
    for (const call of [...this.#calls.values()]) call.reject(this.#failed)
    // Stops an endless loop too.
    void this.#worker.terminate()
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

function clipped(error: unknown): string {
  return messageOf(error).slice(0, 500)
}
