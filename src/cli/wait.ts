// Watches gateways until they are where a verb was meant to take them, telling each change of phase on the way.
import { setTimeout as delay } from 'node:timers/promises'
import { Option } from 'commander'
import type { Gateway, GatewayStatus } from '../../schemas/gateway.ts'
import { type ApiClient, segment } from './client.ts'
import { CliError } from './io.ts'

export interface WatchOptions {
  readonly client: ApiClient
  readonly followerId: string
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Each new phase, reason or progress, with the time since the watching began. */
  readonly onChange?: (gateway: Gateway, elapsedMs: number) => void
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

const pollMs = 200
// A verb that changes nothing (launching what failed for want of credentials) leaves the old view; by then that is the answer.
const staleMs = 3_000

export function fetchGateway(client: ApiClient, followerId: string): Promise<Gateway> {
  return client.send<Gateway>('GET', `/gateways/${segment(followerId)}`).then(({ body }) => body)
}

/** Looks again and again until `settled` says so or the time is over. Views that are not `current` are passed over. */
export async function watchGateway(
  options: WatchOptions,
  settled: (gateway: Gateway) => boolean,
  current: (gateway: Gateway, elapsedMs: number) => boolean = () => true,
): Promise<Watched> {
  const startedAt = performance.now()
  let told = ''
  for (;;) {
    const gateway = await fetchGateway(options.client, options.followerId)
    const elapsedMs = performance.now() - startedAt
    if (current(gateway, elapsedMs)) {
      const news = changeOf(gateway)
      if (news !== told) options.onChange?.(gateway, elapsedMs)
      told = news
      if (settled(gateway)) return { gateway, settled: true, elapsedMs }
    }
    if (elapsedMs > options.timeoutMs) return { gateway, settled: false, elapsedMs }
    await delay(pollMs, undefined, options.signal ? { signal: options.signal } : {})
  }
}

/** What makes a view worth a line of its own. */
export function changeOf({ phase, reason, progress }: Gateway): string {
  return `${phase} ${reason?.code ?? ''} ${progress ?? ''}`
}

/** Watches until the goal is reached or the gateway has failed. */
export function waitForGateway(options: WaitOptions): Promise<Watched> {
  const { goal, before } = options
  return watchGateway(
    options,
    ({ status }) => status === goal || (status === 'FAILED' && goal !== 'STOPPED'),
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
