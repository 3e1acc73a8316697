// Whether the target takes connections, as the clients' own attempts show it; told when it changes, not per connection.
import { type Endpoint, endpointText } from './addresses.ts'
import { type Tell, targetFailure } from './events.ts'

export class TargetWatch {
  readonly #target: Endpoint
  readonly #tell: Tell
  #state: 'unknown' | 'up' | 'down' = 'unknown'
  #turnedAway = 0

  constructor({ target, tell }: { target: Endpoint; tell: Tell }) {
    this.#target = target
    this.#tell = tell
  }

  reached(): void {
    if (this.#state === 'up') return
    this.#state = 'up'
    this.#tell({ event: 'target-up', target: endpointText(this.#target), turnedAway: this.#turnedAway })
    this.#turnedAway = 0
  }

  /** `code` as Node names it, like ECONNREFUSED. */
  failed(code: string): void {
    this.#turnedAway++
    if (this.#state === 'down') return
    this.#state = 'down'
    const target = endpointText(this.#target)
    this.#tell({ event: 'target-down', target, ...targetFailure(code, this.#target) })
  }
}
