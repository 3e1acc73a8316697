// The gateway between IBKR and its clients: who hears of which order, and the faults on that way.
import type { ApiSession } from './api-session.ts'
import type { Broker } from './broker.ts'
import type { SimulatorClock } from './clock.ts'
import type { BrokerEvent } from './order.ts'
import { commissionFields, executionFields, openOrderFields, statusFields } from './order-fields.ts'

/** As long as a test may take. */
const maxHeld = 10_000

export class OrderDesk {
  /** Acknowledgements come so much late. */
  delayMs = 0
  /** Orders are taken, and nobody is told. */
  silent = false
  /** Every order is refused with this text. */
  rejection: string | undefined
  /** Fills that nobody has are not even counted as none. */
  endlessExecutions = false
  /** Hears no more of the broker. */
  readonly close: () => void
  readonly #broker: Broker
  readonly #usuallyAnyHour: boolean
  readonly #clock: SimulatorClock
  readonly #sessions: () => Iterable<ApiSession>
  /** What happened while IBKR was lost. */
  #held: BrokerEvent[] = []

  constructor(broker: Broker, clock: SimulatorClock, sessions: () => Iterable<ApiSession>) {
    this.#broker = broker
    this.#usuallyAnyHour = broker.anyHour
    this.#clock = clock
    this.#sessions = sessions
    this.close = broker.listen((event) => this.#hear(event))
  }

  /** Sends what concerns an order to one client: late or never, as the faults have it. */
  answer(session: ApiSession, send: () => void): void {
    if (this.silent) return
    if (this.delayMs === 0) send()
    else this.#clock.schedule(() => session.open && send(), this.delayMs)
  }

  /** Markets do not close until the faults are cleared. */
  openMarkets(): void {
    this.#broker.setAnyHour(true)
  }

  /** IBKR is back: tells what has happened since it was lost. */
  catchUp(): void {
    const held = this.#held
    this.#held = []
    for (const event of held) this.#hear(event)
  }

  /** A restart cures every fault, and forgets what nobody was there to hear. */
  heal(): void {
    this.#held = []
    this.clear()
  }

  clear(): void {
    Object.assign(this, { delayMs: 0, silent: false, rejection: undefined, endlessExecutions: false })
    this.#broker.setAnyHour(this.#usuallyAnyHour)
  }

  #hear(event: BrokerEvent): void {
    for (const session of this.#sessions()) {
      if (!session.world.upstream) {
        if (this.#held.length < maxHeld) this.#held.push(event)
        return
      }
      const { owner, clientId } = event.order
      if (![owner, clientId, 0].includes(session.clientId) && session.clientId !== 0) continue
      this.answer(session, () => tell(session, event))
    }
    if (event.kind === 'commission') for (const session of this.#sessions()) session.refreshAccounts()
  }
}

function tell(session: ApiSession, event: BrokerEvent): void {
  const { order } = event
  switch (event.kind) {
    case 'order':
      session.sendFields(openOrderFields(session, order))
      session.sendFields(statusFields(order))
      break
    case 'commission-known':
      session.sendFields(openOrderFields(session, order))
      break
    case 'status':
      session.sendFields(statusFields(order))
      break
    case 'execution':
      session.sendFields(executionFields(session, -1, event.execution))
      break
    case 'commission':
      session.sendFields(commissionFields(event.execution))
      break
    case 'notice':
      session.error(order.orderId, event.code, event.text)
      break
  }
}
