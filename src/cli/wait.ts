// Watches gateways until they are where a verb was meant to take them, telling each change of phase on the way.
import { Option } from 'commander'
import type { FleetEvent } from '../../schemas/event.ts'
import type { Gateway, GatewayStatus } from '../../schemas/gateway.ts'
import { approvalEnd } from './attention.ts'
import { GatewayFeed, type GatewayFeedOptions } from './gateway-feed.ts'
import { type GatewayProgress, secondsUntil } from './gateway-view.ts'
import { CliError } from './io.ts'

export interface WatchOptions extends GatewayFeedOptions {
  readonly timeoutMs: number
  /** One that was opened before the verb, so that no phase is missed; closed at the end. */
  readonly feed?: GatewayFeed
  /** Each new phase, reason or progress, with the time since the watching began. */
  readonly onChange?: (gateway: GatewayProgress, elapsedMs: number) => void
}

export interface WaitOptions extends WatchOptions {
  /** The status to reach. FAILED ends the wait too, but for a stop: what has failed can still be stopped. */
  readonly goal: GatewayStatus
  /** `since` of the phase before the verb: that view is old news, not the verb's outcome. */
  readonly before?: string | undefined
}

/** `settled: false` when the time was over first. */
export interface Watched {
  readonly gateway: Gateway
  readonly settled: boolean
  readonly elapsedMs: number
}

// A verb that changes nothing (launching what failed for want of credentials) leaves the old view; by then that is the answer.
const staleMs = 3_000
/** Who has to approve a login is told again how long is left. */
const countdownSeconds = 30

/** Watches until `settled` says so or the time is over. Views that are not `current` are passed over. */
export async function watchGateway(
  options: WatchOptions,
  settled: (gateway: Gateway) => boolean,
  current: (gateway: Gateway, elapsedMs: number) => boolean = () => true,
): Promise<Watched> {
  const { timeoutMs, onChange, feed = new GatewayFeed(options) } = options
  const startedAt = performance.now()
  const elapsed = () => performance.now() - startedAt
  const told = new Told((gateway) => onChange?.(gateway, elapsed()))
  try {
    for (;;) {
      const news = await feed.next(Math.max(0, timeoutMs - elapsed()))
      if (news.kind === 'event') {
        told.wentInto(news.event)
        continue
      }
      const { gateway } = news
      const elapsedMs = elapsed()
      if (current(gateway, elapsedMs)) {
        told.is(gateway)
        if (settled(gateway)) return { gateway, settled: true, elapsedMs }
      }
      if (elapsedMs > timeoutMs) return { gateway, settled: false, elapsedMs }
    }
  } finally {
    feed.close()
  }
}

/** Tells what is new, in its order: the phases that history names before the view that ends them. */
class Told {
  readonly #tell: (gateway: GatewayProgress) => void
  #phases: GatewayProgress[] = []
  #phase = ''
  #news = ''

  constructor(tell: (gateway: GatewayProgress) => void) {
    this.#tell = tell
  }

  wentInto({ type, followerId = '', data = {} }: FleetEvent): void {
    if (type !== 'gateway.phase') return
    const { to, status, reason } = data
    this.#phases.push({
      ...{ followerId, phase: to as Gateway['phase'], status: status as GatewayStatus },
      ...(reason ? { reason: { code: reason as NonNullable<Gateway['reason']>['code'] } } : {}),
    })
  }

  is(gateway: Gateway): void {
    // The view knows more of its own phase than the history does: its deadline, its progress.
    if (this.#phases.at(-1)?.phase === gateway.phase) this.#phases.pop()
    for (const passed of this.#phases.splice(0)) if (passed.phase !== this.#phase) this.#say(passed)
    const end = approvalEnd(gateway)
    const left = end ? secondsUntil(end, Date.now()) : 0
    const news = `${changeOf(gateway)} ${Math.ceil(left / countdownSeconds)}`
    if (news !== this.#news) this.#say(gateway)
    this.#news = news
  }

  #say(gateway: GatewayProgress): void {
    this.#phase = gateway.phase
    this.#news = ''
    this.#tell(gateway)
  }
}

/** What makes a view worth a line of its own. */
export function changeOf({ phase, reason, progress }: Gateway): string {
  return `${phase} ${reason?.code ?? ''} ${progress ?? ''}`
}

/** Somebody wants it stopped, and it is: it goes nowhere else. */
const isCalledOff = ({ status, desired }: Gateway) => status === 'STOPPED' && desired === 'stopped'

/** Watches until the goal is reached, the gateway has failed, or somebody has stopped it. */
export function waitForGateway(options: WaitOptions): Promise<Watched> {
  const { goal, before } = options
  return watchGateway(
    options,
    (gateway) =>
      gateway.status === goal ||
      (goal !== 'STOPPED' && (gateway.status === 'FAILED' || isCalledOff(gateway))),
    ({ since }, elapsedMs) => since !== before || elapsedMs > staleMs,
  )
}

/** `--wait` of the commands that can watch what they have begun; `waitMs` reads its value. */
export function waitOption(): Option {
  return new Option('--wait [time]', 'watch until it is done, at most so long (seconds, or 90s, 5m) [5m]')
}

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const
const longestWaitMs = 24 * units.h

/** `--wait`'s value as the configuration writes durations: seconds, or a number with `ms s m h`. Empty: five minutes. */
export function waitMs(value: string | true): number {
  if (value === true || value === '') return 5 * units.m
  const [, amount, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(value) ?? []
  const ms = Number(amount) * units[unit as keyof typeof units]
  if (ms > 0 && ms <= longestWaitMs) return ms
  throw new CliError(
    'usage',
    `--wait takes seconds, or a number with ms, s, m or h, at most 24 h; got "${value}"`,
  )
}
