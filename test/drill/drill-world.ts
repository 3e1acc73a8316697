// One simulated gateway and one bot's order side over real sockets, and what a random sequence does to them.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ibConnector } from '../../src/adapters/ib/connector.ts'
import { Broker } from '../../src/bot/broker.ts'
import { checkGateway } from '../../src/bot/gateway-check.ts'
import { type GatePass, OrderGate } from '../../src/bot/order-gate.ts'
import { OrderJournal } from '../../src/bot/order-journal.ts'
import { validateGateway } from '../../src/bot/validation.ts'
import { isFleetError } from '../../src/ports/errors.ts'
import { IbSession } from '../../src/session/session.ts'
import { type SimulatedGateway, startSimulatedGateway } from '../../src/simulator/gateway.ts'
import { MemoryLines } from '../bot/order-world.ts'
import { FastClock, simulatorClock } from '../fast-clock.ts'
import { options, silent } from '../session/harness.ts'
import { Audit } from './audit.ts'
import { type Disturbance, weighted } from './disturbances.ts'
import type { Chance } from './random.ts'
import type { DrillReport } from './report.ts'

/** Seconds are over in 20 ms: waits for retries, heartbeats and message rates stay what they are to each other. */
const speed = 50
const symbols = ['AAPL', 'MSFT', 'SPY', 'QQQ', 'NVDA', 'IBM', 'TSLA', 'AMZN', 'META', 'GOOGL', 'BRK B']
const readyWithinMs = 30_000

export class DrillWorld {
  readonly #audit = new Audit()
  #refused = 0
  #triedWhileClosed = 0
  #sequences = 0
  readonly #happened = new Map<Disturbance, number>()
  readonly #chance: Chance
  readonly #clock: FastClock
  readonly #gateway: SimulatedGateway
  readonly #session: IbSession
  readonly #gate: OrderGate
  readonly #broker: Broker
  readonly #journal: OrderJournal
  readonly #dir: string
  /** The last pass ever seen: long void, as a rule. */
  #pass: GatePass | null = null
  #placing = new Set<Promise<unknown>>()

  private constructor(
    chance: Chance,
    clock: FastClock,
    gateway: SimulatedGateway,
    journal: OrderJournal,
    dir: string,
  ) {
    this.#chance = chance
    this.#clock = clock
    this.#gateway = gateway
    this.#journal = journal
    this.#dir = dir
    const deps = { clock, log: silent }
    this.#session = new IbSession(
      { ...deps, connector: ibConnector(), random: () => chance.next() },
      { ...options, port: gateway.port, clientId: 1, reconnectAttempts: 100 },
    )
    this.#gate = new OrderGate({ ...deps, session: this.#session })
    this.#broker = new Broker(this.#gate, {
      ...deps,
      session: this.#session,
      journal,
      limits: () => ({ max_daily_loss_pct: 1, max_single_position: 1e9 }),
      dryRun: false,
      graceMs: 1_000,
    })
  }

  /** With `disk` the journal is a real file; without, orders are on their way faster. */
  static async start(chance: Chance, disk: boolean): Promise<DrillWorld> {
    const clock = new FastClock(Date.UTC(2026, 0, 5, 15), speed)
    const gateway = await startSimulatedGateway({
      username: 'drill',
      password: 'sim',
      tradingMode: 'paper',
      readOnlyApi: false,
      loginSeconds: 0.01,
      restartSeconds: 0.5,
      ghostSlotSeconds: 0,
      maxMessagesPerSecond: 1_000_000,
      fills: 'any-hour',
      clock: simulatorClock(clock),
      onLog() {},
      onExit() {},
    })
    const dir = await mkdtemp(join(tmpdir(), 'bot-drill-'))
    const journal = await OrderJournal.open({
      dir,
      clock,
      log: silent,
      ...(!disk && { file: new MemoryLines() }),
    })
    return new DrillWorld(chance, clock, gateway, journal, dir)
  }

  /** Validates, orders, disturbs, and orders on: before, in the same turn, and after. Rejects when the gateway cannot be validated any more. */
  async sequence(): Promise<void> {
    const chance = this.#chance
    await this.#ready()
    const trading = this.#trade(2 + chance.below(8))
    // An order is on its way for a few milliseconds: this is when it has to happen.
    await new Promise((resolve) => setTimeout(resolve, chance.below(6)))
    const disturbance = chance.one(weighted)
    this.#happened.set(disturbance, (this.#happened.get(disturbance) ?? 0) + 1)
    this.#order()
    this.#disturb(disturbance)
    this.#order()
    // Somebody may want to open it again while it is still falling shut.
    const reopening = chance.next() < 0.3 ? this.#tryToOpen() : undefined
    await trading
    await this.#trade(chance.below(6))
    if (disturbance === 'mute' || disturbance === 'half-open') {
      this.#session.ping().catch(() => {})
      while (this.#gate.isOpen) {
        this.#order()
        await this.#clock.sleep(500)
      }
    }
    this.#recover(disturbance)
    await reopening
    await this.#trade(chance.below(3))
    await Promise.all(this.#placing)
    this.#audit.read(this.#gateway.requests)
    this.#sequences++
  }

  get report(): DrillReport {
    const { orders, marks, violations } = this.#audit
    return {
      sequences: this.#sequences,
      orders,
      marks,
      violations,
      refused: this.#refused,
      triedWhileClosed: this.#triedWhileClosed,
      disturbances: Object.fromEntries(this.#happened),
    }
  }

  async end(): Promise<void> {
    this.#gate.stop()
    this.#broker.stop()
    await this.#session.disconnect()
    await Promise.all(this.#placing)
    this.#audit.read(this.#gateway.requests)
    this.#gateway.kill()
    await this.#journal.close()
    await rm(this.#dir, { recursive: true })
  }

  async #ready(): Promise<void> {
    const deadline = performance.now() + readyWithinMs
    let why = ''
    while (!this.#gate.isOpen) {
      if (performance.now() > deadline) throw new Error(`the gate could not be opened: ${why}`)
      if (!this.#session.isConnected()) await this.#session.connect().catch(() => {})
      why = await this.#tryToOpen()
      const pass = this.#gate.pass()
      // As a trading loop does; orders then need not wait for it.
      if (pass) await this.#broker.account(pass.account).catch(() => {})
      else await this.#clock.sleep(200)
    }
  }

  /** Why it did not open; empty when it did. */
  async #tryToOpen(): Promise<string> {
    const outcome = await validateGateway(
      {
        gate: this.#gate,
        session: this.#session,
        clock: this.#clock,
        check: (signal) =>
          checkGateway(
            { connector: ibConnector(), clock: this.#clock },
            { host: '127.0.0.1', port: this.#gateway.port },
            signal,
          ),
        reconcile: (signal) => this.#broker.reconcile(signal),
      },
      new AbortController().signal,
    )
    if (!outcome.ok) return outcome.detail
    try {
      this.#gate.open(outcome.validation)
    } catch (error) {
      return String(error)
    }
    // Reconciliation was the last to ask for executions, over the connection that was validated.
    const { requests } = this.#gateway
    const last = requests.findLast(({ name, clientId }) => name === 'reqExecutions' && clientId === 1)
    this.#audit.opened(last?.connection ?? -1, requests.at(-1)?.sequence ?? 0)
    return ''
  }

  async #trade(orders: number): Promise<void> {
    for (let left = orders; left > 0; left--) {
      this.#order()
      for (let turns = this.#chance.below(3); turns > 0; turns--) await nextTurn()
    }
  }

  /** Begins to place an order with the best pass there is, void or not. */
  #order(): void {
    const chance = this.#chance
    this.#pass = this.#gate.pass() ?? this.#pass
    if (!this.#pass) return
    if (!this.#gate.isOpen) this.#triedWhileClosed++
    const placing = this.#broker
      .place(this.#pass, {
        symbol: chance.one(symbols),
        action: chance.one(['BUY', 'SELL']),
        quantity: 1 + chance.below(3),
        orderType: 'MKT',
        effect: 'open',
      })
      .then(
        () => {},
        (error: unknown) => {
          if (!isFleetError(error)) throw error
          this.#refused++
        },
      )
      .finally(() => this.#placing.delete(placing))
    this.#placing.add(placing)
  }

  #disturb(disturbance: Disturbance): void {
    switch (disturbance) {
      case 'failed check':
        this.#gate.close('the check failed')
        break
      case 'planned restart':
        this.#gate.closeAt(this.#clock.now() + this.#chance.below(60_000))
        break
      case 'reconnect':
        this.#session.reconnect().catch(() => {})
        break
      default:
        this.#gateway.fault(disturbance)
    }
  }

  #recover(disturbance: Disturbance): void {
    if (disturbance === 'planned restart') this.#gate.closeAt(undefined)
    else if (disturbance !== 'nightly-restart') this.#gateway.fault('clear')
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
