// Watches the trading session for anything that ends what was validated of its gateway. Tells it in the same turn.
import { classifyIbCode } from '../session/codes.ts'
import type { IbSession } from '../session/session.ts'

export class GatewayWatch {
  readonly #session: IbSession
  readonly #onTrouble: (what: string) => void
  readonly #stops: ReadonlyArray<() => void>
  #era = 1

  /** `onTrouble` is called for every trouble, with words for a log; it must not throw. */
  constructor(session: IbSession, onTrouble: (what: string) => void) {
    this.#session = session
    this.#onTrouble = onTrouble
    this.#stops = [
      session.orders.onClosing(() => this.disturb('the connection to the gateway ended')),
      session.onChange(() => this.#look()),
      session.orders.onNotice(({ code, text }) => {
        const { kind } = classifyIbCode(code, text)
        if (kind === 'upstream-lost') this.disturb(`the gateway lost IBKR [${code}]`)
        // It was lost, whether or not we were told.
        else if (kind === 'upstream-restored')
          this.disturb(`the gateway's connection to IBKR was restored [${code}]`)
        else if (kind === 'port-changed') this.disturb(`the gateway moved its API to another port [${code}]`)
      }),
    ]
  }

  /** A number that no two stretches without trouble share: what was found in one era says nothing of the next. */
  get era(): number {
    return this.#era
  }

  /** What is wrong at this moment, in words; undefined when nothing is. */
  trouble(): string | undefined {
    const session = this.#session
    const { state, heartbeatLate, upstream } = session.snapshot()
    if (!session.isConnected() || session.orders.connectionId === 0)
      return `there is no connection to the gateway (${state})`
    if (state !== 'ready') return `the session with the gateway is ${state}`
    if (upstream === 'lost') return 'the gateway has no connection to IBKR'
    if (heartbeatLate) return 'the gateway is late to answer a heartbeat'
    if (!session.isHealthy()) return 'the gateway has not answered for too long'
    return undefined
  }

  /** Begins a new era. */
  disturb(what: string): void {
    this.#era++
    this.#onTrouble(what)
  }

  stop(): void {
    for (const stop of this.#stops) stop()
  }

  #look(): void {
    const trouble = this.trouble()
    if (trouble) this.disturb(trouble)
  }
}
