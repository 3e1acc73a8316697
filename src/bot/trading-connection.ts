// One gateway to trade over: its session, its order gate, its broker and its prices, made together and ended together.
import type { Clock } from '../ports/clock.ts'
import type { IbConnector } from '../ports/ib.ts'
import type { Log } from '../ports/log.ts'
import { IbSession } from '../session/session.ts'
import { Broker } from './broker.ts'
import { type CheckVerdict, checkGateway, type GatewayAddress } from './gateway-check.ts'
import type { HardLimits } from './limits.ts'
import { OrderGate } from './order-gate.ts'
import type { OrderJournal } from './order-journal.ts'
import { Prices } from './prices.ts'
import { type ValidationOutcome, validateGateway } from './validation.ts'

export interface TradingConnectionDeps {
  readonly connector: IbConnector
  readonly clock: Clock
  readonly log: Log
  readonly journal: OrderJournal
  readonly limits: () => HardLimits | undefined
  readonly dryRun: boolean
  readonly account?: string
}

/** A gateway that stops answering must not look alive for long to somebody who trades. */
const heartbeat = { heartbeatIntervalMs: 15_000, heartbeatTimeoutMs: 5_000 }

export class TradingConnection {
  readonly address: GatewayAddress
  readonly clientId: number
  readonly session: IbSession
  readonly gate: OrderGate
  readonly broker: Broker
  readonly prices: Prices
  readonly #deps: TradingConnectionDeps

  /** Connects to nothing yet. `name`: for people. */
  constructor(deps: TradingConnectionDeps, name: string, address: GatewayAddress, clientId: number) {
    const { connector, clock, log, journal, limits, dryRun } = deps
    this.#deps = deps
    this.address = address
    this.clientId = clientId
    this.session = new IbSession(
      { connector, clock, log },
      {
        followerId: name,
        ...address,
        clientId,
        onClientIdInUse: 'keep',
        ...heartbeat,
        // When to try again is for the bot to say.
        reconnectAttempts: 0,
        reconnectWindowMs: 0,
      },
    )
    this.gate = new OrderGate({ session: this.session, clock, log })
    this.broker = new Broker(this.gate, { session: this.session, clock, log, journal, limits, dryRun })
    this.prices = new Prices({ session: this.session, log })
  }

  /** The authentication check, over a connection of its own. */
  check(signal?: AbortSignal): Promise<CheckVerdict> {
    return checkGateway(this.#deps, this.address, signal ?? new AbortController().signal)
  }

  /** Proves the gateway over the present connection; opens nothing. Rejects only with the reason of an aborted `signal`. */
  validate(signal: AbortSignal): Promise<ValidationOutcome> {
    const { clock, account } = this.#deps
    return validateGateway(
      {
        gate: this.gate,
        session: this.session,
        clock,
        check: (until) => this.check(until),
        reconcile: (until) => this.broker.reconcile(until),
        ...(account !== undefined && { account }),
      },
      signal,
    )
  }

  /** Shuts the gate and ends the connection; positions and working orders stay as they are. Well within a second. */
  async close(): Promise<void> {
    this.gate.stop()
    this.prices.stop()
    this.broker.stop()
    await this.session.disconnect()
  }
}
