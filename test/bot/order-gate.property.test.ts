// Whatever happens in whatever order: no order is written while the gate has to be closed, nor on a connection that was never validated.
import fc from 'fast-check'
import t from 'tap'
import { settle } from '../fake-clock.ts'
import { ACCOUNT, buy, type OrderConnection, type OrderWorld, orderWorld } from './order-world.ts'

const HEARTBEAT_TIMEOUT_MS = 10_000
const symbols = ['SPY', 'QQQ', 'AAPL', 'MSFT', 'IBM', 'GLD'] as const

type Event =
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'order'; readonly symbol: string }
  | { readonly kind: 'notice'; readonly code: number }
  | { readonly kind: 'restart'; readonly inMs: number }
  | { readonly kind: 'jump'; readonly ms: number }
  | {
      readonly kind:
        | 'validate'
        | 'settle'
        | 'burst'
        | 'drop'
        | 'mute'
        | 'unmute'
        | 'check-fails'
        | 'check-works'
        | 'failed-check'
        | 'reconnect'
        | 'no-restart'
        | 'lose-orders'
    }

const plain = (
  ...kinds: Array<
    Exclude<Event, { ms: number } | { symbol: string } | { code: number } | { inMs: number }>['kind']
  >
) => fc.constantFrom(...kinds).map((kind): Event => ({ kind }))
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...symbols).map((symbol): Event => ({ kind: 'order', symbol })) },
  { weight: 5, arbitrary: plain('validate') },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom(1, 300, 1_100, 6_000, 16_000, 40_000)
      .map((ms): Event => ({ kind: 'advance', ms })),
  },
  { weight: 2, arbitrary: plain('settle', 'burst') },
  { weight: 2, arbitrary: plain('drop', 'reconnect', 'mute', 'unmute') },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(1100, 1101, 1102, 2110, 1300, 2104)
      .map((code): Event => ({ kind: 'notice', code })),
  },
  { weight: 1, arbitrary: plain('check-fails', 'check-works', 'failed-check', 'lose-orders', 'no-restart') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(1_000, 61_000, 90_000).map((inMs): Event => ({ kind: 'restart', inMs })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(-3_600_000, 30_000, 3_600_000).map((ms): Event => ({ kind: 'jump', ms })),
  },
)

/** Knows by itself when orders are allowed: it sees the events, and asks neither gate nor session. */
class Watcher {
  readonly violations: string[] = []
  orders = 0
  /** The connection that may carry orders now. */
  #allowed: OrderConnection | undefined
  #restartAtMs: number | undefined
  readonly #world: OrderWorld
  readonly #unansweredSinceMs = new WeakMap<OrderConnection, number>()
  #disturbances = 0
  #jumpedMs = 0

  constructor(world: OrderWorld) {
    this.#world = world
    world.gateway.onOrder = (connection, orderId) => this.#onOrder(connection, orderId)
    world.gateway.behave = (connection) => {
      this.#follow(connection)
      connection.welcome([ACCOUNT], 1)
    }
    this.#follow(world.gateway.last)
    world.session.orders.onClosing(() => this.disturbed())
  }

  disturbed(): void {
    this.#disturbances++
    this.#allowed = undefined
  }

  /** The wall clock: how far it is off since the gate was opened. */
  jumped(ms: number): void {
    this.#jumpedMs += ms
  }

  restart(atMs: number | undefined): void {
    this.#restartAtMs = atMs
  }

  async validate(): Promise<void> {
    const { gate, gateway } = this.#world
    const connection = gateway.last
    const before = this.#disturbances
    const outcome = await this.#world.validate()
    if (!outcome.ok) return
    if (before !== this.#disturbances) this.violations.push('validated across a disturbance')
    const wasOpen = gate.isOpen
    try {
      gate.open(outcome.validation)
    } catch {
      return
    }
    if (before === this.#disturbances) {
      // Opened while it is open, it stays as it was.
      if (!wasOpen) this.#jumpedMs = 0
      this.#allowed = connection
    } else this.violations.push('opened across a disturbance')
  }

  /** A question that stays open makes the heartbeat late after half its deadline. */
  #follow(connection: OrderConnection): void {
    const ask = connection.currentTime.bind(connection)
    connection.currentTime = () => {
      const { clock } = this.#world
      if (!this.#unansweredSinceMs.has(connection))
        this.#unansweredSinceMs.set(connection, clock.monotonicMs())
      return ask().finally(() => this.#unansweredSinceMs.delete(connection))
    }
  }

  #onOrder(connection: OrderConnection, orderId: number): void {
    this.orders++
    const { gate, gateway, clock, session } = this.#world
    const broken = (what: string) => this.violations.push(`order ${orderId}: ${what}`)
    if (connection !== this.#allowed) broken('on a connection that is not validated now')
    if (connection !== gateway.last || connection.closed || !session.isConnected())
      broken('the connection is over')
    if (!gate.isOpen) broken('the gate is closed')
    const sinceMs = this.#unansweredSinceMs.get(connection)
    if (sinceMs !== undefined && clock.monotonicMs() - sinceMs >= HEARTBEAT_TIMEOUT_MS / 2)
      broken('the heartbeat is late')
    if (Math.abs(this.#jumpedMs) > 30_000) broken('the machine has slept')
    const restartAtMs = this.#restartAtMs
    if (restartAtMs !== undefined && clock.now() >= restartAtMs - 60_000 && clock.now() <= restartAtMs)
      broken('a restart is near')
  }
}

async function run(events: readonly Event[], totals: { orders: number; refused: number }): Promise<string[]> {
  const world = await orderWorld({ heartbeatTimeoutMs: HEARTBEAT_TIMEOUT_MS })
  const { clock, gateway, session, gate, broker, pacer } = world
  const watcher = new Watcher(world)
  const running: Array<Promise<unknown>> = []
  // An order that was thought of with an old pass is the most dangerous one.
  let pass = gate.pass()
  const act = async (event: Event) => {
    switch (event.kind) {
      case 'advance':
        return clock.advance(event.ms)
      case 'settle':
        return settle()
      case 'order': {
        pass = gate.pass() ?? pass
        if (pass)
          running.push(
            broker.place(pass, buy(event.symbol)).catch(() => {
              totals.refused++
            }),
          )
        return
      }
      case 'validate':
        running.push(watcher.validate())
        return
      case 'burst':
        for (let sent = 0; sent < 48; sent++) pacer.record()
        return
      case 'notice':
        if (event.code !== 2104) watcher.disturbed()
        return gateway.last.notice(event.code, 'text')
      case 'drop':
        watcher.disturbed()
        return gateway.last.drop()
      case 'mute':
        gateway.last.answering = false
        return
      case 'unmute':
        return gateway.last.answer()
      case 'check-fails':
        world.check = async () => ({ ok: false, kind: 'silent', detail: 'no answer' })
        return
      case 'check-works':
        world.check = async () => ({ ok: true, accounts: [ACCOUNT], roundTripMs: 1 })
        return
      case 'failed-check':
        watcher.disturbed()
        return gate.close('the check failed')
      case 'reconnect':
        // It ends the old connection some turns later.
        session.reconnect().catch(() => {})
        return
      case 'restart': {
        const atMs = clock.now() + event.inMs
        watcher.restart(atMs)
        return gate.closeAt(atMs)
      }
      case 'no-restart':
        watcher.restart(undefined)
        return gate.closeAt(undefined)
      case 'jump':
        watcher.jumped(event.ms)
        return clock.jumpWallClock(event.ms)
      case 'lose-orders':
        gateway.fate = gateway.fate === 'lost' ? 'working' : 'lost'
    }
  }
  for (const event of events) await act(event)
  await clock.advance(60_000)
  await world.end()
  await Promise.all(running)
  totals.orders += watcher.orders
  return watcher.violations
}

t.test('no sequence of events gets an order through', async (t) => {
  const totals = { orders: 0, refused: 0 }
  const runs = 400
  const opening: Event[] = [{ kind: 'validate' }, { kind: 'settle' }, { kind: 'settle' }]
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(event, { minLength: 5, maxLength: 40 }), async (open, events) => {
      const violations = await run(open ? [...opening, ...events] : events, totals)
      if (violations.length > 0) throw new Error(violations.join('; '))
    }),
    { numRuns: runs },
  )
  t.comment(`${runs} sequences: ${totals.orders} orders written, ${totals.refused} refused`)
  t.ok(totals.orders > runs / 8, 'there was something to get wrong')
  t.ok(totals.refused > runs / 8)
})
