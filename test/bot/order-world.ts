// A bot's order side over a gateway that does what a test says: the real session, gate, broker and journal on a clock that stands still.
import type { Test } from 'tap'
import { Broker, type BrokerDeps } from '../../src/bot/broker.ts'
import type { CheckVerdict } from '../../src/bot/gateway-check.ts'
import type { OrderIntent } from '../../src/bot/intents.ts'
import type { HardLimits } from '../../src/bot/limits.ts'
import type { LineFile } from '../../src/bot/line-file.ts'
import { OrderGate } from '../../src/bot/order-gate.ts'
import { OrderJournal } from '../../src/bot/order-journal.ts'
import { type ValidationOutcome, validateGateway } from '../../src/bot/validation.ts'
import { FleetError } from '../../src/ports/errors.ts'
import type {
  IbAccountValue,
  IbConnectionListener,
  IbConnector,
  IbContract,
  IbExecution,
  IbOpenOrder,
  IbOrder,
  IbPosition,
  IbRequestKind,
  IbRequests,
  IbTarget,
} from '../../src/ports/ib.ts'
import { Pacer } from '../../src/session/pacing/pacer.ts'
import { IbSession, type SessionOptions } from '../../src/session/session.ts'
import { FakeClock } from '../fake-clock.ts'
import { FakeConnection } from '../session/fake-connector.ts'
import { options, silent } from '../session/harness.ts'

export const ACCOUNT = 'DU1234567'
/** The start of a session of the New York Stock Exchange. */
const MONDAY_10_AM = Date.UTC(2026, 0, 5, 15)

/** A file of lines in memory, on a disk that can be full. */
export class MemoryLines implements LineFile {
  lines: string[] = []
  full = false
  appends = 0

  get size(): number {
    return this.lines.reduce((bytes, line) => bytes + line.length + 1, 0)
  }

  async append(lines: readonly string[]): Promise<void> {
    if (this.full) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
    this.appends++
    this.lines.push(...lines)
  }

  async replace(lines: readonly string[]): Promise<void> {
    this.lines = [...lines]
  }

  async close(): Promise<void> {}
}

/** What the gateway and IBKR behind it know, whatever connection there is. */
export class OrderGateway implements IbConnector {
  readonly connections: OrderConnection[] = []
  readonly open: IbConnector['open'] = (target, listener) => this.#connect(target, listener)
  /** What a new connection does once it has been returned. */
  behave: (connection: OrderConnection) => void = (connection) => connection.welcome([ACCOUNT], 1)
  /** Called in the turn in which an order arrives, before anything comes of it. */
  onOrder: (connection: OrderConnection, orderId: number) => void = () => {}
  /** What becomes of an order: `lost` never arrives, `silent` is taken and nobody is told. */
  fate: 'working' | 'filled' | 'silent' | 'lost' = 'working'
  openOrders: IbOpenOrder[] = []
  executions: IbExecution[] = []
  positions: IbPosition[] = []
  netLiquidation: number | undefined = 100_000
  /** Requests that are never answered. */
  readonly unanswered = new Set<IbRequestKind>()
  #permId = 1000

  get last(): OrderConnection {
    const last = this.connections.at(-1)
    if (!last) throw new Error('nothing was opened')
    return last
  }

  /** All that was written, by connection from 1 on. */
  get placed(): string[] {
    return this.connections.flatMap(({ sent }, index) =>
      sent.filter((line) => line.startsWith('place ')).map((line) => `${index + 1}: ${line}`),
    )
  }

  take(connection: OrderConnection, orderId: number, contract: IbContract, order: IbOrder): void {
    this.onOrder(connection, orderId)
    if (this.fate === 'lost') return
    const { clientId } = connection.target
    const known = { orderId, clientId, permId: ++this.#permId, contract }
    const status = this.fate === 'filled' ? 'Filled' : 'Submitted'
    const { action, totalQuantity, account, orderRef, orderType } = order
    const open: IbOpenOrder = {
      ...known,
      order: { action, totalQuantity, account, orderRef, orderType },
      status,
    }
    const fill: IbExecution = {
      ...known,
      execId: `0001.${known.permId}.01`,
      orderRef,
      account,
      side: action === 'BUY' ? 'BOT' : 'SLD',
      shares: totalQuantity,
      price: 100,
    }
    if (this.fate === 'filled') this.#fill(fill)
    else this.openOrders.push(open)
    if (this.fate === 'silent') return
    queueMicrotask(() => {
      connection.orderEvent({ kind: 'open-order', ...open })
      if (status === 'Filled') connection.orderEvent({ kind: 'execution', ...fill })
    })
  }

  answer(kind: IbRequestKind): unknown {
    const summary: IbAccountValue[] =
      this.netLiquidation === undefined
        ? []
        : [{ account: ACCOUNT, tag: 'NetLiquidation', value: String(this.netLiquidation), currency: 'USD' }]
    return {
      openOrders: [...this.openOrders],
      executions: [...this.executions],
      positions: [...this.positions],
      accountSummary: summary,
    }[kind as string]
  }

  #fill(fill: IbExecution): void {
    this.executions.push(fill)
    const units = fill.side === 'BOT' ? fill.shares : -fill.shares
    const held = this.positions.find(({ contract }) => contract.symbol === fill.contract.symbol)
    const position = (held?.position ?? 0) + units
    this.positions = this.positions.filter((other) => other !== held)
    this.positions.push({ account: fill.account, contract: fill.contract, position, avgCost: 100 })
  }

  #connect(target: IbTarget, listener: IbConnectionListener): OrderConnection {
    const connection = new OrderConnection(this, target, listener)
    this.connections.push(connection)
    queueMicrotask(() => this.behave(connection))
    return connection
  }
}

export class OrderConnection extends FakeConnection {
  readonly gateway: OrderGateway
  constructor(gateway: OrderGateway, target: IbTarget, listener: IbConnectionListener) {
    super(target, listener)
    this.gateway = gateway
  }

  override request<K extends IbRequestKind>(
    kind: K,
    params: IbRequests[K]['params'],
    signal?: AbortSignal,
  ): Promise<IbRequests[K]['answer']> {
    const mute = this.gateway.unanswered.has(kind)
    const was = this.answering
    this.answering = was && !mute
    const answer = super.request(kind, params, signal)
    this.answering = was
    return answer.then((found) => (this.gateway.answer(kind) as typeof found | undefined) ?? found)
  }

  override placeOrder(orderId: number, contract: IbContract, order: IbOrder): void {
    super.placeOrder(orderId, contract, order)
    this.gateway.take(this, orderId, contract, order)
  }
}

export interface OrderWorld {
  readonly clock: FakeClock
  readonly gateway: OrderGateway
  readonly session: IbSession
  readonly pacer: Pacer
  readonly gate: OrderGate
  readonly broker: Broker
  readonly journal: OrderJournal
  readonly file: MemoryLines
  limits: HardLimits | undefined
  /** The account that the bot is told to trade. */
  account: string | undefined
  /** What the authentication check finds. */
  check: () => Promise<CheckVerdict>
  validate(): Promise<ValidationOutcome>
  /** Validates, opens the gate, and gives its pass. */
  opened(): Promise<NonNullable<ReturnType<OrderGate['pass']>>>
  end(): Promise<void>
}

export async function orderWorld(
  changes: Partial<SessionOptions> & Partial<Pick<BrokerDeps, 'dryRun'>> & { file?: MemoryLines } = {},
): Promise<OrderWorld> {
  const { dryRun = false, file = new MemoryLines(), ...sessionChanges } = changes
  const clock = new FakeClock(MONDAY_10_AM)
  const gateway = new OrderGateway()
  const pacer = new Pacer(clock, { minRequestDelayMs: 0 })
  const session = new IbSession(
    { connector: gateway, clock, log: silent, random: () => 0.5, pacer },
    { ...options, ...sessionChanges },
  )
  const gate = new OrderGate({ session, clock, log: silent })
  const journal = await OrderJournal.open({ dir: '/nowhere', clock, log: silent, file })
  const world: OrderWorld = {
    clock,
    gateway,
    session,
    pacer,
    gate,
    journal,
    file,
    limits: { max_daily_loss_pct: 0.1, max_single_position: 100 },
    account: undefined,
    broker: new Broker(gate, {
      session,
      clock,
      log: silent,
      journal,
      limits: () => world.limits,
      dryRun,
      graceMs: 1_000,
    }),
    check: async () => ({ ok: true, accounts: [ACCOUNT], roundTripMs: 5 }),
    validate: () =>
      validateGateway(
        {
          gate,
          session,
          clock,
          check: () => world.check(),
          reconcile: (signal) => world.broker.reconcile(signal),
          ...(world.account !== undefined && { account: world.account }),
        },
        new AbortController().signal,
      ),
    async opened() {
      const outcome = await world.validate()
      if (!outcome.ok) throw new FleetError('INTERNAL', `not validated: ${outcome.detail}`)
      gate.open(outcome.validation)
      const pass = gate.pass()
      if (!pass) throw new FleetError('INTERNAL', 'no pass')
      return pass
    },
    async end() {
      gate.stop()
      world.broker.stop()
      await session.disconnect()
      await journal.close()
    },
  }
  await session.connect()
  return world
}

/** A world that ends with its test. */
export async function worldFor(t: Test, changes: Parameters<typeof orderWorld>[0] = {}): Promise<OrderWorld> {
  const world = await orderWorld(changes)
  t.teardown(() => world.end())
  return world
}

export function buy(symbol: string, quantity = 1, changes: Partial<OrderIntent> = {}): OrderIntent {
  return { symbol, action: 'BUY', quantity, orderType: 'MKT', effect: 'open', ...changes }
}

export function sell(symbol: string, quantity = 1, changes: Partial<OrderIntent> = {}): OrderIntent {
  return { symbol, action: 'SELL', quantity, orderType: 'MKT', effect: 'close', ...changes }
}
