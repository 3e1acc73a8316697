// The four calls that the bot makes to a manager, each with a deadline and failures that say what to do. The token is in none of them.
import type { Clock } from '../ports/clock.ts'
import { errorCodes, FleetError } from '../ports/errors.ts'
import type { GatewayAddress } from './gateway-check.ts'

/** What the bot needs to know of its gateway. */
export interface ManagedGateway {
  readonly status: string
  readonly phase: string
  readonly reason?: { readonly code: string; readonly message: string; readonly action?: string }
  /** Absent while it has no container. */
  readonly endpoint?: GatewayAddress
  /** Epoch milliseconds. */
  readonly plannedRestartAtMs?: number
}

export interface BotLease extends GatewayAddress {
  readonly clientId: number
  readonly accounts: readonly string[]
}

/** Every call rejects with a FleetError: the manager's own code or NOT_READY, `retryAfterMs` set when a later try may succeed; or with the signal's reason. */
export interface ManagerApi {
  gateway(signal: AbortSignal): Promise<ManagedGateway>
  lease(signal: AbortSignal): Promise<BotLease>
  renew(clientId: number, signal: AbortSignal): Promise<BotLease>
  release(clientId: number, signal: AbortSignal): Promise<void>
}

/** A bot that died gives its lease back after so long; one that lives renews it at half of that. */
export const leaseSeconds = 120
const answerTimeoutMs = 2_500
const retryMs = 5_000
const leasePurpose = 'trading-bot'

export function createManagerApi(
  clock: Clock,
  options: {
    readonly url: string
    readonly followerId: string
    readonly token?: string
    readonly healthUrl?: string
  },
): ManagerApi {
  const { token, healthUrl } = options
  const base = options.url.replace(/\/+$/, '')
  const gatewayPath = `/api/v1/gateways/${encodeURIComponent(options.followerId)}`
  const clientsPath = `${gatewayPath}/clients`
  const withoutToken = (text: string) => (token ? text.replaceAll(token, '(token)') : text)

  const stranger = (why: string) =>
    new FleetError('NOT_READY', `What answers at ${base} is no IB Gateway Manager: ${why}.`)

  /** Resolves with the JSON of a good answer, undefined for an empty one. */
  async function call(method: string, path: string, signal: AbortSignal, body?: object): Promise<unknown> {
    signal.throwIfAborted()
    const deadline = new AbortController()
    const cancel = clock.schedule(answerTimeoutMs, () => deadline.abort(new Error('no answer in time')))
    try {
      const response = await fetch(`${base}${path}`, {
        method,
        // A token goes nowhere but where it was meant to.
        redirect: 'manual',
        signal: AbortSignal.any([signal, deadline.signal]),
        headers: {
          accept: 'application/json, application/problem+json',
          ...(body && { 'content-type': 'application/json' }),
          ...(token && { authorization: `Bearer ${token}` }),
        },
        ...(body && { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      if (!response.ok) throw refusal(response.status, text)
      if (text === '') return undefined
      const answer = parsed(text)
      if (answer === undefined) throw stranger('its answer is not JSON')
      return answer
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof FleetError) throw error
      const why = deadline.signal.aborted ? `not within ${answerTimeoutMs / 1000} s` : rootCause(error)
      throw new FleetError('NOT_READY', `The manager at ${base} does not answer (${why}).`, {
        retryAfterMs: retryMs,
      })
    } finally {
      cancel()
    }
  }

  function refusal(status: number, text: string): FleetError {
    const problem = fieldsOf(parsed(text))
    const code = errorCodes.find((known) => known === problem.code)
    const said = withoutToken(
      typeof problem.detail === 'string' ? problem.detail.slice(0, 500) : 'no more than that.',
    )
    const message = `The manager at ${base} says ${status}: ${said}`
    const isTemporary = status >= 500 || status === 429
    return new FleetError(code ?? 'NOT_READY', message, {
      ...(isTemporary && { retryAfterMs: retryMs }),
    })
  }

  const asLease = (answer: unknown): BotLease => {
    const { clientId, host, port, accounts } = fieldsOf(answer)
    if (typeof clientId !== 'number' || typeof host !== 'string' || typeof port !== 'number')
      throw stranger('its lease has no client id')
    return { clientId, host, port, accounts: Array.isArray(accounts) ? accounts.map(String) : [] }
  }

  return {
    async gateway(signal) {
      const view = asGateway(await call('GET', gatewayPath, signal))
      if (view) return view
      throw stranger('it shows no gateway')
    },
    async lease(signal) {
      const body = {
        purpose: leasePurpose,
        ttlSeconds: leaseSeconds,
        ...(healthUrl !== undefined && { healthUrl }),
      }
      return asLease(await call('POST', clientsPath, signal, body))
    },
    async renew(clientId, signal) {
      return asLease(await call('PUT', `${clientsPath}/${clientId}`, signal, { ttlSeconds: leaseSeconds }))
    },
    async release(clientId, signal) {
      await call('DELETE', `${clientsPath}/${clientId}`, signal)
    },
  }
}

/** undefined when it is no gateway at all; what is of the wrong type in one is left out. */
function asGateway(answer: unknown): ManagedGateway | undefined {
  const { status, phase, reason, endpoint, plannedRestartAt } = fieldsOf(answer)
  if (typeof status !== 'string' || typeof phase !== 'string') return undefined
  const { host, port } = fieldsOf(endpoint)
  const { code, message, action } = fieldsOf(reason)
  const plannedRestartAtMs = typeof plannedRestartAt === 'string' ? Date.parse(plannedRestartAt) : Number.NaN
  return {
    status,
    phase,
    ...(typeof host === 'string' && typeof port === 'number' && { endpoint: { host, port } }),
    ...(typeof code === 'string' &&
      typeof message === 'string' && {
        reason: { code, message, ...(typeof action === 'string' && { action }) },
      }),
    ...(Number.isFinite(plannedRestartAtMs) && { plannedRestartAtMs }),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return Object(value)
}

/** Codes and names only: a message of `fetch` may repeat a header. */
function rootCause(error: unknown): string {
  if (!(error instanceof Error)) return 'failed'
  if (error.cause instanceof Error) return rootCause(error.cause)
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
