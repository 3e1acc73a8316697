// Watches gateways until they are where a verb was meant to take them, telling each change of phase on the way.
import { setTimeout as delay } from 'node:timers/promises'
import type { Gateway, GatewayStatus } from '../../schemas/gateway.ts'
import { type ApiClient, segment } from './client.ts'
import { CliError } from './io.ts'

export interface WaitOptions {
  readonly client: ApiClient
  readonly followerId: string
  /** The status to reach. FAILED ends the wait too, but for a stop: what has failed can still be stopped. */
  readonly goal: GatewayStatus
  /** `since` of the phase before the verb: that view is old news, not the verb's outcome. */
  readonly before?: string | undefined
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Each new phase or progress, with the time since the wait began. */
  readonly onChange?: (gateway: Gateway, elapsedMs: number) => void
}

const pollMs = 200
// A verb that changes nothing (launching what failed for want of credentials) leaves the old view; by then that is the answer.
const staleMs = 3_000

export function fetchGateway(client: ApiClient, followerId: string): Promise<Gateway> {
  return client.send<Gateway>('GET', `/gateways/${segment(followerId)}`).then(({ body }) => body)
}

/** Resolves with the gateway once settled, or with its last view and `settled: false` when the time is over. */
export async function waitForGateway(
  options: WaitOptions,
): Promise<{ gateway: Gateway; settled: boolean; elapsedMs: number }> {
  const startedAt = performance.now()
  let told = ''
  for (;;) {
    const gateway = await fetchGateway(options.client, options.followerId)
    const elapsedMs = performance.now() - startedAt
    const fresh = gateway.since !== options.before || elapsedMs > staleMs
    const news = `${gateway.phase} ${gateway.reason?.code} ${gateway.progress}`
    if (fresh && news !== told) {
      told = news
      options.onChange?.(gateway, elapsedMs)
    }
    const failed = gateway.status === 'FAILED' && options.goal !== 'STOPPED'
    const settled = fresh && (failed || gateway.status === options.goal)
    if (settled || elapsedMs > options.timeoutMs) return { gateway, settled, elapsedMs }
    await delay(pollMs, undefined, options.signal ? { signal: options.signal } : {})
  }
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
