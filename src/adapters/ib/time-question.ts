// What time is it at the gateway: asked once for all who want to know at the same time.
import { EventName, type IBApi } from '@stoqey/ib'
import type { FleetError } from '../../ports/errors.ts'

interface Pending {
  readonly promise: Promise<number>
  resolve(epochSeconds: number): void
  reject(error: FleetError): void
}

export class TimeQuestion {
  readonly #api: IBApi
  #pending: Pending | undefined

  constructor(api: IBApi) {
    this.#api = api
    api.on(EventName.currentTime, (epochSeconds) => this.#take()?.resolve(epochSeconds))
  }

  ask(): Promise<number> {
    if (!this.#pending) {
      this.#pending = newPending()
      this.#api.reqCurrentTime()
    }
    return this.#pending.promise
  }

  fail(error: FleetError): void {
    this.#take()?.reject(error)
  }

  #take(): Pending | undefined {
    const pending = this.#pending
    this.#pending = undefined
    return pending
  }
}

function newPending(): Pending {
  const settle: Partial<Pending> = {}
  const promise = new Promise<number>((resolve, reject) => Object.assign(settle, { resolve, reject }))
  return Object.assign(settle, { promise }) as Pending
}
