// The road to one engine: its address, a deadline for each call, vendor errors caught once.
import { setMaxListeners } from 'node:events'
import { Agent } from 'node:http'
import { inspect } from 'node:util'
import Dockerode from 'dockerode'
import type { Clock } from '../../ports/clock.ts'
import { FleetError } from '../../ports/errors.ts'
import { engineError } from './errors.ts'

const defaultSocket = '/var/run/docker.sock'

/** Where the engine listens: `unix:///path`, `tcp://host:port` or `http://host:port`; the default socket when unset. */
export function engineAddress(
  dockerHost: string | undefined,
): { socketPath: string } | { host: string; port: number } {
  if (!dockerHost) return { socketPath: defaultSocket }
  if (dockerHost.startsWith('unix://'))
    return { socketPath: dockerHost.slice('unix://'.length) || defaultSocket }
  const url = URL.canParse(dockerHost) ? new URL(dockerHost) : undefined
  if (url?.hostname && (url.protocol === 'tcp:' || url.protocol === 'http:')) {
    const port = url.port || (url.protocol === 'http:' ? '80' : '2375')
    return { host: url.hostname, port: Number(port) }
  }
  throw new FleetError(
    'INVALID_REQUEST',
    `DOCKER_HOST must be unix:///path, tcp://host:port or http://host:port, not ${JSON.stringify(dockerHost)}`,
  )
}

export interface CallOptions {
  readonly signal?: AbortSignal
  readonly timeoutMs: number
}
type EngineCall<T> = (docker: Dockerode, abortSignal: AbortSignal) => Promise<T>

/**
 * docker-modem 5 writes out the options of each call for a debug log that is off, down to the last hidden property. An agent
 * holds every open stream: with 20 logs followed that took 50 ms of CPU per call.
 */
const opaque = { [inspect.custom]: () => 'Agent' }

/** One engine. Every call ends by its deadline, by its signal or by `close`, whatever the engine does. */
export class Engine {
  readonly #docker: Dockerode
  // No keep-alive: an idle socket that the engine (or a proxy) has just closed would fail a create that may have worked.
  readonly #agent = Object.assign(new Agent({ keepAlive: false }), opaque)
  readonly #clock: Clock
  readonly #closed = new AbortController()

  constructor(deps: { dockerHost?: string; clock: Clock }) {
    this.#clock = deps.clock
    // Each field is given, for docker-modem takes what is left out from the environment.
    const unset = { host: undefined, port: undefined, socketPath: undefined }
    const options = {
      ...unset,
      ...engineAddress(deps.dockerHost),
      protocol: 'http' as const,
      agent: this.#agent,
    }
    this.#docker = new Dockerode(options as Dockerode.DockerOptions)
  }

  /**
   * Runs one call to its end. The signal handed to it aborts at the deadline, with the caller's, or at `close`.
   * @throws the signal's reason when the caller aborted, FleetError else.
   */
  async call<T>(doing: string, options: CallOptions, run: EngineCall<T>): Promise<T> {
    const { value, detach } = await this.#begin(doing, options, run)
    detach()
    return value
  }

  /** Opens a stream. The deadline is for the head of the answer; the stream lives until `release`, the signal or `close`. */
  async open<T>(
    doing: string,
    options: CallOptions,
    run: EngineCall<T>,
  ): Promise<{ value: T; release: () => void }> {
    const { value, detach, abort } = await this.#begin(doing, options, run)
    const release = () => {
      detach()
      abort()
    }
    return { value, release }
  }

  async #begin<T>(doing: string, { signal, timeoutMs }: CallOptions, run: EngineCall<T>) {
    signal?.throwIfAborted()
    if (this.#closed.signal.aborted) throw closing(doing)
    const call = new AbortController()
    const abort = () => call.abort()
    const sources = signal ? [signal, this.#closed.signal] : [this.#closed.signal]
    // One fleet's signal reaches all its calls at once; that is no leak.
    setMaxListeners(0, ...sources)
    for (const source of sources) source.addEventListener('abort', abort)
    const detach = () => {
      for (const source of sources) source.removeEventListener('abort', abort)
    }
    let late = false
    const stopTimer = this.#clock.schedule(timeoutMs, () => {
      late = true
      abort()
    })
    try {
      return { value: await run(this.#docker, call.signal), detach, abort }
    } catch (error) {
      detach()
      if (signal?.aborted) throw signal.reason
      if (this.#closed.signal.aborted) throw closing(doing)
      if (late) throw tooLate(doing, timeoutMs, error)
      throw engineError(doing, error)
    } finally {
      stopTimer()
    }
  }

  get closed(): boolean {
    return this.#closed.signal.aborted
  }

  /** Ends every call and stream. */
  close(): void {
    this.#closed.abort()
    this.#agent.destroy()
  }
}

function closing(doing: string): FleetError {
  return new FleetError('SHUTTING_DOWN', `The runtime is closed, so we did not ${doing}`)
}

function tooLate(doing: string, timeoutMs: number, cause: unknown): FleetError {
  return new FleetError(
    'ENGINE_UNAVAILABLE',
    `The container engine took longer than ${timeoutMs / 1000} s to ${doing}`,
    { cause, retryAfterMs: 5_000 },
  )
}
