// What is known of one session: its state, its counters, what its gateway reported. Written by the session, read as a snapshot.
import type { SessionState } from '../../schemas/system.ts'
import type { Clock } from '../ports/clock.ts'
import type { IbNotice, IbStep, IbWelcome } from '../ports/ib.ts'
import type { Log } from '../ports/log.ts'
import type { SessionMeasures } from '../ports/measures.ts'
import { classifyIbCode, type IbCodeClass, isIbError } from './codes.ts'
import { afterNotice, type Conditions, fairWeather } from './conditions.ts'
import type { SessionOptions, SessionSnapshot } from './snapshot.ts'

interface Moment {
  readonly at: number
  readonly atMs: number
}

export class SessionRecord {
  readonly counters = {
    dataLost: 0,
    conflicts326: 0,
    requests: 0,
    errors: 0,
    reconnects: 0,
    connectionFailures: 0,
  }
  readonly measures: SessionMeasures
  clientId: number
  step: IbStep | undefined
  readonly #clock: Clock
  readonly #log: Log
  readonly #options: SessionOptions
  readonly #listeners = new Set<() => void>()
  #state: SessionState = 'idle'
  #since: number
  #welcome: IbWelcome | undefined
  #connected: Moment | undefined
  #conditions: Conditions = fairWeather
  /** Of the connection being made; they count once it is open. */
  #incoming: Conditions = fairWeather
  #answer: Moment | undefined
  #heartbeat: { readonly lastHeartbeatAt: number; readonly heartbeatRttMs: number } | undefined
  #heartbeatLate = false
  #lastError: SessionSnapshot['lastError']

  constructor(clock: Clock, log: Log, options: SessionOptions, measures: SessionMeasures) {
    this.measures = measures
    this.#clock = clock
    this.#log = log
    this.#options = options
    this.clientId = options.clientId
    this.#since = clock.now()
  }

  get state(): SessionState {
    return this.#state
  }

  /** Since the gateway last answered anything; infinite when it never has. */
  get answerAgeMs(): number {
    return this.#answer ? this.#clock.monotonicMs() - this.#answer.atMs : Number.POSITIVE_INFINITY
  }

  enter(state: SessionState): void {
    if (state === this.#state) return
    this.#state = state
    this.#since = this.#clock.now()
    this.#changed()
  }

  attempting(): void {
    this.#incoming = fairWeather
  }

  /** A connection is open; enters `ready`. */
  connected(welcome: IbWelcome): void {
    if (this.#state === 'reconnecting') {
      this.counters.reconnects++
      this.measures.reconnected()
    }
    this.#welcome = welcome
    this.#connected = this.#now()
    this.#conditions = this.#incoming
    this.step = undefined
    this.answered()
    this.enter('ready')
  }

  disconnected(): void {
    this.#connected = undefined
    this.#heartbeatLate = false
  }

  answered(): void {
    this.#answer = this.#now()
  }

  heartbeatAnswered(roundTripMs: number): void {
    this.answered()
    this.measures.heartbeatAnswered(roundTripMs)
    this.#heartbeat = { lastHeartbeatAt: this.#clock.now(), heartbeatRttMs: roundTripMs }
    if (!this.#heartbeatLate) return
    this.#heartbeatLate = false
    this.#changed()
  }

  heartbeatIsLate(): void {
    this.#heartbeatLate = true
    this.#changed()
  }

  failed(code: number | string, message: string): void {
    this.counters.errors++
    this.#lastError = { code, message, at: this.#clock.now() }
  }

  /** Takes note of what the gateway said and returns what it means. */
  noticed({ id, code, text }: IbNotice): IbCodeClass {
    const codeClass = classifyIbCode(code, text)
    const before = this.#connected ? this.#conditions : this.#incoming
    const after = afterNotice(before, codeClass, this.#clock.now())
    if (codeClass.kind === 'upstream-restored' && codeClass.dataLost) this.counters.dataLost++
    // A client id in use fails the attempt, which is counted as such; an upstream lost is repeated every minute.
    const counted =
      codeClass.kind !== 'client-id-in-use' && (codeClass.kind !== 'upstream-lost' || after !== before)
    if (isIbError(codeClass) && counted) {
      this.failed(code, text)
      this.measures.errorReported(codeClass.kind)
    }
    this.#log.debug({ followerId: this.#options.followerId, id, code, text }, 'notice from IB')
    if (!this.#connected) this.#incoming = after
    else if (after !== before) {
      this.#conditions = after
      this.#changed()
    }
    return codeClass
  }

  snapshot(): SessionSnapshot {
    const { host, port } = this.#options
    const connected = this.#connected
    return {
      state: this.#state,
      since: this.#since,
      clientId: this.clientId,
      host,
      port,
      ...(this.step && { step: this.step }),
      accounts: [],
      ...this.#welcome,
      ...(connected && { connectedAt: connected.at }),
      ...(this.#answer && { lastAnswerAt: this.#answer.at, lastAnswerAgeMs: this.answerAgeMs }),
      ...this.#heartbeat,
      heartbeatLate: this.#heartbeatLate,
      ...this.#conditions,
      ...this.counters,
      uptimeMs: connected ? this.#clock.monotonicMs() - connected.atMs : 0,
      ...(this.#lastError && { lastError: this.#lastError }),
    }
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener()
      } catch (err) {
        this.#log.error({ followerId: this.#options.followerId, err }, 'a listener of the session failed')
      }
    }
  }

  #now(): Moment {
    return { at: this.#clock.now(), atMs: this.#clock.monotonicMs() }
  }
}
