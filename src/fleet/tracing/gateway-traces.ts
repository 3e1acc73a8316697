// The open spans of every gateway, kept in step with its state. What they are is span-stack.ts's to say.
import {
  type Attributes,
  apart,
  markFailedWith,
  type Span,
  startSpan,
  type Tracer,
  within,
} from '../../telemetry/tracer.ts'
import { describeReason } from '../lifecycle/reasons.ts'
import type { GatewayState } from '../lifecycle/state.ts'
import type { Keeper } from '../reconcile/keeper.ts'
import { type SpanName, spanOutcome, spanStack } from './span-stack.ts'

/** What led to a launch: a person, a changed record, this manager's start, or a gateway that was lost. */
export type Trigger = 'person' | 'record' | 'start' | 'recovery'

interface Open {
  readonly name: SpanName
  readonly span: Span
}

interface Course {
  open: Open[]
  last: GatewayState
}

export class GatewayTraces {
  readonly #tracer: Tracer | undefined
  readonly #courses = new Map<string, Course>()
  readonly #wishedByRecord = new Set<string>()

  /** Without a tracer nothing is kept. */
  constructor(tracer: Tracer | undefined) {
    this.#tracer = tracer
  }

  /** The next launch of this follower is its record's wish. */
  wishedByRecord(followerId: string): void {
    if (this.#tracer) this.#wishedByRecord.add(followerId)
  }

  /** Brings the spans in step with the keeper's state, which was `before`. */
  note(keeper: Keeper, before: GatewayState): void {
    if (!this.#tracer) return
    const { follower, state } = keeper
    const course = this.#courses.get(follower.id) ?? { open: [], last: before }
    this.#courses.set(follower.id, course)
    const { open, last } = course
    course.last = state
    if (last.phase === state.phase && last.recreate === state.recreate) return
    const names = spanStack(
      open.map(({ name }) => name),
      last,
      state,
    )
    const same = sharedLength(open, names)
    for (const gone of open.splice(same).reverse())
      close(gone, state, keeper.container?.id ?? last.containerId)
    for (const name of names.slice(same)) {
      const attributes = { ...attributesOf(keeper), ...this.#particulars(name, keeper, last) }
      const parent = open.at(-1)?.span
      open.push({ name, span: startSpan(this.#tracer, name, attributes, parent && { parent }) })
    }
  }

  /** Runs `work` inside the innermost open span of this gateway. */
  within<T>(followerId: string, work: () => T): T {
    return within(this.#courses.get(followerId)?.open.at(-1)?.span, work)
  }

  /** Runs the fleet's own work, which is no part of the request or timer that happened to wake it. */
  apart<T>(work: () => T): T {
    return this.#tracer ? apart(work) : work()
  }

  forget(followerId: string): void {
    this.#abandon(followerId)
    this.#wishedByRecord.delete(followerId)
  }

  /** The manager ends, and what is under way with it. */
  close(): void {
    for (const followerId of [...this.#courses.keys()]) this.#abandon(followerId)
  }

  #abandon(followerId: string): void {
    for (const { span } of this.#courses.get(followerId)?.open.reverse() ?? []) {
      span.setAttribute('ibgm.outcome', 'abandoned')
      span.end()
    }
    this.#courses.delete(followerId)
  }

  #particulars(name: SpanName, keeper: Keeper, last: GatewayState): Attributes {
    if (name === 'gateway.launch') return { 'ibgm.trigger': this.#triggerOf(keeper, last) }
    if (name === 'gateway.restart') {
      const { recreate, softRestart, cause } = keeper.state
      const kind = recreate ? 'container' : softRestart ? 'soft' : 'own'
      return { 'ibgm.restart': kind, ...(cause && { 'ibgm.cause': cause.code }) }
    }
    return {}
  }

  #triggerOf({ follower, askedByPersonAt }: Keeper, last: GatewayState): Trigger {
    const byRecord = this.#wishedByRecord.delete(follower.id)
    if (askedByPersonAt !== null) return 'person'
    if (last.phase !== 'stopped') return 'recovery'
    return byRecord ? 'record' : 'start'
  }
}

/** On every span of a gateway. */
export function attributesOf({ follower }: Pick<Keeper, 'follower'>): Attributes {
  return { 'ibgm.follower': follower.id, 'ibgm.trading_mode': follower.tradingMode }
}

function sharedLength(open: readonly Open[], names: readonly SpanName[]): number {
  const differs = names.findIndex((name, index) => open[index]?.name !== name)
  return differs < 0 ? names.length : differs
}

function close({ name, span }: Open, state: GatewayState, containerId: string | null): void {
  const outcome = spanOutcome(name, state)
  if (outcome) span.setAttribute('ibgm.outcome', outcome)
  if (containerId) span.setAttribute('container.id', containerId)
  if (outcome === 'failed' && state.cause) {
    const { code, message } = describeReason(state.cause)
    span.setAttribute('ibgm.reason', code)
    markFailedWith(span, code, message)
  }
  span.end()
}
