// Questions without a request id: IB's answers do not say which of them they answer, so only one of a kind is ever in the air.
import { type Contract, EventName, type IBApi } from '@stoqey/ib'
import { FleetError } from '../../ports/errors.ts'
import type { IbNotice, IbOpenOrder, IbOrderEvent, IbPosition, IbRequests } from '../../ports/ib.ts'
import { unlessAborted } from '../../ports/unless-aborted.ts'
import { contractOf } from './contracts.ts'
import { finite, given } from './orders.ts'

const sharedKinds = ['openOrders', 'positions'] as const
export type SharedKind = (typeof sharedKinds)[number]

export function isSharedKind(kind: string): kind is SharedKind {
  return sharedKinds.some((shared) => shared === kind)
}

/** How a gateway in read-only mode refuses; about the connection, as there is no request id. */
const refusedCode = 321
/** Positions of an adviser's accounts; an answer without an end would fill the memory. */
const maxItems = 250_000
const over = new Set(['Filled', 'Cancelled', 'ApiCancelled'])

type Asked = 'positions' | 'own orders' | 'all orders'

interface Question {
  /** Who asks the same shares the answer. */
  readonly asked: Asked
  /** By what each is about: the latest word counts. */
  readonly items: Map<string, unknown>
  readonly answer: Promise<unknown[]>
  resolve(items: unknown[]): void
  reject(error: FleetError): void
}

/**
 * Who gives up leaves the question in the air, and who comes next joins it: asked anew, it could be taken for answered by
 * the rest of the first answer. A gateway that never ends its answer is one to leave.
 */
export class SharedQuestions {
  readonly #api: IBApi
  readonly #open = new Map<SharedKind, Question>()
  #ended: FleetError | undefined

  constructor(api: IBApi) {
    this.#api = api
    api.on(EventName.openOrderEnd, () => this.#finish('openOrders'))
    api.on(EventName.position, (account, contract, position, averageCost) =>
      this.#onPosition(account, contract, position, averageCost),
    )
    api.on(EventName.positionEnd, () => {
      if (this.#finish('positions')) api.cancelPositions()
    })
  }

  async ask<K extends SharedKind>(
    kind: K,
    params: IbRequests[K]['params'],
    signal: AbortSignal | undefined,
  ): Promise<IbRequests[K]['answer']> {
    const asked = 'all' in params ? (params.all ? 'all orders' : 'own orders') : 'positions'
    for (;;) {
      const open = this.#open.get(kind) ?? this.#send(kind, asked)
      if (open.asked === asked) {
        const answer: unknown = await unlessAborted(open.answer, signal)
        return answer as IbRequests[K]['answer']
      }
      await unlessAborted(
        open.answer.catch(() => []),
        signal,
      )
    }
  }

  /** Whatever is said of orders while they are asked for belongs to the answer. */
  onOrderEvent(event: IbOrderEvent): void {
    if (event.kind !== 'open-order') return
    const { kind, ...order } = event
    this.#add('openOrders', `${order.clientId} ${order.orderId} ${order.permId}`, order)
  }

  onNotice({ id, code, text }: IbNotice): void {
    const question = this.#open.get('openOrders')
    if (id !== -1 || code !== refusedCode || question?.asked !== 'own orders') return
    this.#open.delete('openOrders')
    const cause = { id, code, text } satisfies IbNotice
    question.reject(
      new FleetError('REQUEST_REJECTED', `IB refused the request: [${code}] ${text}`, { cause }),
    )
  }

  failAll(error: FleetError): void {
    this.#ended = error
    for (const question of this.#open.values()) question.reject(error)
    this.#open.clear()
  }

  #send(kind: SharedKind, asked: Asked): Question {
    if (this.#ended) throw this.#ended
    const question = newQuestion(asked)
    this.#open.set(kind, question)
    if (asked === 'positions') this.#api.reqPositions()
    else if (asked === 'all orders') this.#api.reqAllOpenOrders()
    else this.#api.reqOpenOrders()
    return question
  }

  #onPosition(account: string, contract: Contract, position: number, averageCost?: number): void {
    const item = {
      account,
      contract: contractOf(contract),
      position: given('position', position),
      avgCost: finite('average cost', averageCost),
    } satisfies IbPosition
    this.#add('positions', `${account} ${contract.conId} ${contract.localSymbol}`, item)
  }

  #add(kind: SharedKind, about: string, item: IbOpenOrder | IbPosition): void {
    const items = this.#open.get(kind)?.items
    if (items && items.size >= maxItems) throw new Error(`it answered with more than ${maxItems} ${kind}`)
    items?.set(about, item)
  }

  /** False when nobody had asked. */
  #finish(kind: SharedKind): boolean {
    const question = this.#open.get(kind)
    if (!question) return false
    this.#open.delete(kind)
    const items = [...question.items.values()]
    question.resolve(
      kind === 'positions'
        ? items.filter((item) => (item as IbPosition).position !== 0)
        : items.filter((item) => !over.has((item as IbOpenOrder).status)),
    )
    return true
  }
}

function newQuestion(asked: Asked): Question {
  const settle: Partial<Question> = {}
  const answer = new Promise<unknown[]>((resolve, reject) => Object.assign(settle, { resolve, reject }))
  // Everyone who asked may have given up.
  answer.catch(() => {})
  return { asked, items: new Map(), answer, ...settle } as Question
}
