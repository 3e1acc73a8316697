// Image pulls, one per image however many gateways wait for it, with progress for all of them.
import type { GatewayRuntime } from '../../ports/runtime.ts'

interface Pull {
  readonly done: Promise<void>
  /** The last word on its progress, for those who join later. */
  readonly told: () => string
  readonly watchers: Set<(text: string) => void>
}

export class ImagePuller {
  readonly #runtime: GatewayRuntime
  readonly #pulls = new Map<string, Pull>()
  readonly #closing = new AbortController()

  constructor(runtime: GatewayRuntime) {
    this.#runtime = runtime
  }

  /** Waits for the image; joins a pull under way. The signal ends the waiting, never a pull that others may wait for. Fails as GatewayRuntime.pullImage. */
  async pull(image: string, onProgress: (text: string) => void, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const pull = this.#pulls.get(image) ?? this.#start(image)
    pull.watchers.add(onProgress)
    if (pull.told() !== '') onProgress(pull.told())
    const aborted = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
    )
    try {
      await Promise.race([pull.done, aborted])
    } finally {
      pull.watchers.delete(onProgress)
    }
  }

  /** Ends all pulls. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the manager is stopping'))
    await Promise.allSettled([...this.#pulls.values()].map((pull) => pull.done))
  }

  #start(image: string): Pull {
    const watchers = new Set<(text: string) => void>()
    let told = ''
    const done = this.#runtime
      .pullImage(
        image,
        ({ share, text }) => {
          const line = `${Math.floor(share * 100)} % ${text}`
          if (line === told) return
          told = line
          for (const watch of watchers) watch(line)
        },
        this.#closing.signal,
      )
      .finally(() => this.#pulls.delete(image))
    // A pull whose last waiter left must not become an unhandled rejection.
    done.catch(() => undefined)
    const pull = { done, watchers, told: () => told }
    this.#pulls.set(image, pull)
    return pull
  }
}
