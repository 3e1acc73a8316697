// What happens when the gate shuts under a running bot: first the gate (it is shut already), then a person is told, then Strategy C.
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { BotAlerts } from './bot-alerts.ts'
import type { CloseOut } from './strategies/strategy-c.ts'
import type { StrategyDesk } from './strategies/strategy-desk.ts'

export interface ProtectionDeps {
  readonly alerts: BotAlerts
  readonly clock: Clock
  readonly log: Log
  readonly desk: StrategyDesk
  /** STRATEGY_C_CLOSE_ALL. */
  readonly closesAll: boolean
}

/** So long a person is given to hear of it before Strategy C acts. */
const toldWithinMs = 10_000

export class Protection {
  readonly #deps: ProtectionDeps
  #closeOut: CloseOut = 'nothing'
  #isActive = false
  #telling: Promise<unknown> = Promise.resolve()

  constructor(deps: ProtectionDeps) {
    this.#deps = deps
  }

  get isActive(): boolean {
    return this.#isActive
  }

  /** The gate has shut for `reason`; called in that turn. A restart that was announced closes nothing out. */
  gateClosed(reason: string, isPlanned: boolean): void {
    const { alerts, log, desk, clock } = this.#deps
    const closeOut: CloseOut = isPlanned ? 'nothing' : this.#deps.closesAll ? 'all' : 'own'
    // What one loss asked for, a planned restart after it does not take back.
    if (closeOut !== 'nothing') this.#closeOut = closeOut
    this.#isActive = true
    if (isPlanned) log.info({ reason }, 'Gateway restart planned, Strategy C active, nothing is closed')
    else log.error({ reason }, 'Gateway connection lost, Strategy C active')
    alerts.notify(isPlanned ? planned(reason) : lost(reason, closeOut, new Date(clock.now()).toISOString()))
    this.#telling = alerts.flushed(toldWithinMs).then(() => {
      if (this.#isActive) desk.preserveCash(reason, this.#closeOut)
    })
  }

  /** Resolves when Strategy C may act on the last loss. */
  told(): Promise<unknown> {
    return this.#telling
  }

  /** The gateway is proven again. */
  validated(): void {
    if (!this.#isActive) return
    const { alerts, clock } = this.#deps
    alerts.notify(backAgain(this.#closeOut, new Date(clock.now()).toISOString()))
  }

  /** Everything that was to be closed out is closed. */
  closedOut(): void {
    if (!this.#isActive) return
    this.#isActive = false
    this.#closeOut = 'nothing'
    this.#deps.log.info({}, 'Strategy C has nothing left to close, the gameplan counts again')
    this.#deps.desk.resume()
  }
}

/** `at` makes each loss news of its own: the same words twice would be told once. */
function lost(reason: string, closeOut: CloseOut, at: string) {
  return {
    level: 'CRITICAL' as const,
    title: 'Gateway connection lost, Strategy C active',
    text: `No order can be sent since ${at}: ${reason}. The bot reconnects by itself; once the gateway is proven again, Strategy C closes ${closeOut === 'all' ? 'every position of the account' : 'the positions that this bot has opened'}.`,
    action:
      'Check the gateway and its log. Until it is back, positions can only be closed in TWS, the IBKR app or by phone.',
  }
}

/** `at`: as for a loss. */
function backAgain(closeOut: CloseOut, at: string) {
  const first =
    closeOut === 'nothing'
      ? ''
      : `Strategy C closes ${closeOut === 'all' ? 'every position of the account' : 'the positions that this bot has opened'}, then `
  return {
    level: 'INFO' as const,
    title: 'Gateway validated again',
    text: `The gateway was proven again at ${at}; ${first}the gameplan counts again.`,
    action: 'None',
  }
}

function planned(reason: string) {
  return {
    level: 'WARNING' as const,
    title: 'Gateway restarts, no orders meanwhile',
    text: `${capital(reason)}. Positions stay as they are; trading goes on when the gateway is proven again.`,
    action: 'None',
  }
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
