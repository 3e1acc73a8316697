// Keeps the gateway proven while the bot runs: a check every minute, reconnection after a loss, validation before the gate opens again.
import type { Clock } from '../ports/clock.ts'
import { isFleetError, messageOf } from '../ports/errors.ts'
import type { Log } from '../ports/log.ts'
import type { CheckVerdict } from './gateway-check.ts'
import type { Notifier } from './notifier.ts'
import { isFlapping, reconnectDelayMs, withLoss } from './reconnect-limit.ts'
import { noRoundTrips, slowness, withRoundTrip } from './round-trips.ts'
import type { TradingConnection } from './trading-connection.ts'

export interface KeeperDeps {
  readonly clock: Clock
  readonly log: Log
  readonly notifier: Notifier
  /** From one check to the next [60 s]. */
  readonly checkIntervalMs?: number
  /** Whether the gate may be opened; false while the manager says that a person has to act first. */
  readonly mayOpen?: () => boolean
  /** The gate has opened: the gateway is proven. */
  readonly onValidated: () => void
}

const defaultCheckIntervalMs = 60_000
/** After failed tries to connect or to validate. */
const retryDelaysMs = [5_000, 10_000, 20_000, 30_000]
/** A change that keeps the gate shut is looked at so often. */
const lookMs = 1_000

export class GatewayKeeper {
  readonly #deps: KeeperDeps
  #losses: number[] = []
  #failures = 0
  #roundTrips = noRoundTrips
  #isSlow = false
  #saidFlapping = false
  lastCheckAt: number | undefined
  lastError: string | undefined

  constructor(deps: KeeperDeps) {
    this.#deps = deps
  }

  /** Runs until `signal` aborts. The connection is up and validated when it begins. */
  async keep(connection: TradingConnection, signal: AbortSignal): Promise<void> {
    const { clock, checkIntervalMs = defaultCheckIntervalMs } = this.#deps
    let checkedAtMs = clock.monotonicMs()
    let wasConnected = connection.session.isConnected()
    const change = changes(connection, signal)
    try {
      while (!signal.aborted) {
        if (!connection.session.isConnected()) {
          if (wasConnected) this.#lost()
          wasConnected = await this.#reconnect(connection, signal)
          checkedAtMs = clock.monotonicMs()
        } else if (!connection.gate.isOpen && connection.gate.trouble === undefined && this.#mayOpen()) {
          await this.#validate(connection, signal)
          checkedAtMs = clock.monotonicMs()
        } else if (clock.monotonicMs() - checkedAtMs >= checkIntervalMs) {
          await this.#check(connection, signal)
          checkedAtMs = clock.monotonicMs()
        } else {
          const untilCheckMs = checkIntervalMs - (clock.monotonicMs() - checkedAtMs)
          await change.within(clock, connection.gate.isOpen ? untilCheckMs : Math.min(lookMs, untilCheckMs))
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      change.stop()
    }
  }

  #mayOpen(): boolean {
    return this.#deps.mayOpen?.() ?? true
  }

  #lost(): void {
    const { clock, log, notifier } = this.#deps
    this.#losses = withLoss(this.#losses, clock.monotonicMs())
    if (!isFlapping(this.#losses)) {
      this.#saidFlapping = false
      return
    }
    log.warn({ losses: this.#losses.length }, 'The gateway keeps going away, reconnecting more slowly')
    if (this.#saidFlapping) return
    this.#saidFlapping = true
    notifier.notify({
      level: 'ERROR',
      title: 'Gateway restarts in quick succession',
      text: `The connection was lost ${this.#losses.length} times within ten minutes; the bot waits longer before each reconnection and does not trade meanwhile.`,
      action: "Look at the gateway's log: it restarts, or something between it and the bot cuts connections.",
    })
  }

  /** One attempt, after the wait that is due; true when it is connected. */
  async #reconnect(connection: TradingConnection, signal: AbortSignal): Promise<boolean> {
    const { clock, log } = this.#deps
    const waitMs = Math.max(reconnectDelayMs(this.#losses), this.#retryDelayMs())
    log.info({ attempt: this.#failures + 1, waitMs }, 'Reconnecting to the Gateway')
    if (waitMs > 0) await clock.sleep(waitMs, signal)
    try {
      await connection.session.connectOnce(signal)
      log.info({ attempt: this.#failures + 1 }, 'Reconnected to the Gateway, validating')
      this.#failures = 0
      return true
    } catch (error) {
      signal.throwIfAborted()
      this.#failed(messageOf(error))
      if (isFleetError(error, 'CLIENT_ID_IN_USE')) this.#tellSecondInstance(connection)
      return false
    }
  }

  async #validate(connection: TradingConnection, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps
    const waitMs = this.#retryDelayMs()
    if (waitMs > 0) await clock.sleep(waitMs, signal)
    if (!connection.session.isConnected()) return
    const outcome = await connection.validate(signal)
    this.lastCheckAt = clock.now()
    if (!outcome.ok) return this.#failed(`${outcome.reason}: ${outcome.detail}`)
    try {
      connection.gate.open(outcome.validation)
    } catch (error) {
      return this.#failed(messageOf(error))
    }
    this.#failures = 0
    this.lastError = undefined
    log.info({ accounts: outcome.validation.accounts }, 'Gateway validated successfully')
    this.#deps.onValidated()
  }

  /** The runtime check: the authentication check, and a round trip over the trading session. What fails shuts the gate. */
  async #check(connection: TradingConnection, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps
    const verdict = await connection.check(signal)
    const roundTripMs = await connection.session.ping().catch(() => undefined)
    this.lastCheckAt = clock.now()
    if (verdict.ok && roundTripMs !== undefined) {
      log.info(
        {
          roundTripMs: Math.round(roundTripMs),
          handshakeMs: Math.round(verdict.roundTripMs),
          accounts: verdict.accounts.length,
        },
        'Gateway check passed',
      )
      return this.#judgeSpeed(roundTripMs)
    }
    if (!verdict.ok && verdict.isIdInUse && roundTripMs !== undefined) {
      // Another bot's check, or a person's TWS: the gateway itself answers over the trading session.
      log.warn({ detail: verdict.detail }, 'Gateway check not made, its client id is in use')
      return this.#judgeSpeed(roundTripMs)
    }
    const detail = verdict.ok ? 'the trading session did not answer' : verdict.detail
    log.warn({ kind: verdict.ok ? 'silent' : verdict.kind, detail }, 'Gateway check failed')
    this.lastError = `Gateway check failed: ${detail}`
    connection.gate.close(`the gateway check failed: ${describe(verdict)}`)
  }

  #judgeSpeed(roundTripMs: number): void {
    const { log, notifier } = this.#deps
    this.#roundTrips = withRoundTrip(this.#roundTrips, roundTripMs)
    const slowMs = slowness(this.#roundTrips)
    if (slowMs !== undefined && !this.#isSlow) {
      log.warn({ roundTripMs: Math.round(slowMs) }, 'Gateway degraded, answers are slow')
      notifier.notify({
        level: 'WARNING',
        title: 'Gateway degraded',
        text: `The gateway needs ${Math.round(slowMs)} ms for an answer, far longer than it did.`,
        action: 'Look at the memory and load of the gateway; restart it outside market hours.',
      })
    }
    if (slowMs === undefined && this.#isSlow) log.info({}, 'Gateway answers quickly again')
    this.#isSlow = slowMs !== undefined
  }

  #tellSecondInstance({ session }: TradingConnection): void {
    const { clientId } = session.snapshot()
    this.#deps.notifier.notify({
      level: 'ERROR',
      title: 'Client id in use',
      text: `The gateway says that client id ${clientId} is in use: another bot runs with it, or the gateway has not let go of the last connection yet (up to a minute).`,
      action: 'Stop the other instance, or give this one another CLIENT_ID.',
    })
  }

  #failed(detail: string): void {
    this.#failures++
    this.lastError = detail
    this.#deps.log.warn({ detail, attempt: this.#failures }, 'Gateway not validated, trying again')
  }

  #retryDelayMs(): number {
    if (this.#failures === 0) return 0
    return retryDelaysMs[Math.min(this.#failures, retryDelaysMs.length) - 1] ?? 0
  }
}

function describe(verdict: CheckVerdict): string {
  return verdict.ok ? 'the trading session did not answer' : verdict.detail
}

/** Waits for the next change of session or gate. */
function changes({ session, gate }: TradingConnection, signal: AbortSignal) {
  let wake = () => {}
  const tell = () => wake()
  const stops = [session.onChange(tell), gate.onClose(tell)]
  signal.addEventListener('abort', tell, { once: true })
  return {
    within: (clock: Clock, ms: number) =>
      new Promise<void>((resolve) => {
        const cancel = clock.schedule(ms, resolve)
        wake = () => {
          cancel()
          resolve()
        }
        if (signal.aborted) wake()
      }),
    stop() {
      for (const stop of stops) stop()
      signal.removeEventListener('abort', tell)
    },
  }
}
