// Containers of ours that no follower record speaks of: told and left alone, until their records are back or they are gone.
import type { AlertDesk } from '../../ports/alerts.ts'
import { isFleetError } from '../../ports/errors.ts'
import type { GatewayContainer, GatewayRuntime } from '../../ports/runtime.ts'
import type { Keeper } from './keeper.ts'

const key = 'engine:STRAY'

export interface StraysDeps {
  readonly runtime: Pick<GatewayRuntime, 'list'>
  readonly keepers: ReadonlyMap<string, Keeper>
  readonly alerts: Pick<AlertDesk, 'settle'>
}

export class Strays {
  readonly #deps: StraysDeps
  /** null until the engine has said what it runs. */
  #left: readonly GatewayContainer[] | null = null

  constructor(deps: StraysDeps) {
    this.#deps = deps
  }

  /** Everything of ours that the engine runs. */
  found(containers: readonly GatewayContainer[]): void {
    this.#left = this.#unknown(containers)
    this.#tell()
  }

  /** After a reading of the records. The engine is asked only while there are any; one that does not answer tells nothing. */
  async lookAgain(signal: AbortSignal): Promise<void> {
    if (this.#left === null) return
    this.#left = this.#unknown(this.#left)
    if (this.#left.length > 0) await this.#forgetGone(signal)
    this.#tell()
  }

  #unknown(containers: readonly GatewayContainer[]): GatewayContainer[] {
    return containers.filter(({ followerId }) => !this.#deps.keepers.has(followerId))
  }

  async #forgetGone(signal: AbortSignal): Promise<void> {
    try {
      const there = new Set((await this.#deps.runtime.list(signal)).map(({ id }) => id))
      this.#left = this.#left?.filter(({ id }) => there.has(id)) ?? null
    } catch (err) {
      if (!isFleetError(err, 'ENGINE_UNAVAILABLE')) throw err
    }
  }

  #tell(): void {
    const names = this.#left?.map(({ name, followerId }) => `${name} (follower ${followerId})`) ?? []
    const draft = {
      key,
      level: 'WARNING' as const,
      code: 'STRAY_CONTAINER' as const,
      title: 'Gateway containers without a follower',
      message: `These containers are ours, but no follower record speaks of them: ${names.join(', ')}. They were left alone.`,
      action: 'Restore the records, or remove the containers with `ibgm cleanup`.',
    }
    this.#deps.alerts.settle(key, names.length === 0 ? [] : [draft])
  }
}
