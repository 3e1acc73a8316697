// The manager's HTTP API from the caller's side: requests with a deadline, answers with a type, failures a person can act on.
import type { Problem } from '../../schemas/common.ts'
import { CliError } from './io.ts'
import { readEvents, type ServerSentEvent } from './server-sent-events.ts'
import { plainHint, tlsTrouble } from './tls-trouble.ts'

/** An answer that says no: RFC 9457 problem details. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'
  readonly problem: Problem
  /** Seconds after which trying again makes sense. */
  readonly retryAfterSeconds: number | undefined

  constructor(problem: Problem, retryAfterSeconds?: number) {
    super(problem.detail)
    this.problem = problem
    this.retryAfterSeconds = retryAfterSeconds
  }
}

export interface Answer<T> {
  readonly status: number
  readonly body: T
  readonly headers: Headers
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>

export interface RequestOptions {
  readonly query?: Query
  /** Sent as JSON. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Answers with these statuses are no failure though they are 4xx or 5xx, unless they are problems. */
  readonly accept?: readonly number[]
  /** How long the whole answer may take [30 s]. */
  readonly timeoutMs?: number
  /** Ends this request, besides the client's own signal. */
  readonly signal?: AbortSignal
}

/** Paths are relative to `/api/v1`. Fails with ApiProblem, or with CliError `unreachable` when no manager answers. */
export interface ApiClient {
  readonly url: string
  send<T>(method: string, path: string, options?: RequestOptions): Promise<Answer<T>>
  text(path: string, query?: Query): Promise<string>
  /** An answer of any length, piece by piece as it comes. CliError `failed` when it breaks off. */
  chunks(path: string, query: Query, mime: string): AsyncIterable<string>
  /** Events until the server ends the stream or a signal aborts (this one, or the client's own), all quietly. */
  events(path: string, query?: Query, signal?: AbortSignal): AsyncIterable<ServerSentEvent>
}

export interface ClientOptions {
  /** `http://host:port`, without the API's base path. */
  readonly url: string
  readonly token?: string
  readonly signal?: AbortSignal
}

const defaultTimeoutMs = 30_000

/** One id as a piece of a path. `.` and `..` would walk up the tree, and no escape keeps a URL parser from it. */
export function segment(id: string): string {
  if (/^\.{0,2}$/.test(id)) {
    throw new CliError('usage', `"${id}" is no id`, { hint: 'ids start with a letter or a digit' })
  }
  return encodeURIComponent(id)
}

export function createClient(options: ClientOptions): ApiClient {
  const base = baseUrl(options.url)

  async function request(method: string, path: string, ask: RequestOptions, mime: string) {
    const target = new URL(`${base}/api/v1${path}`)
    for (const [name, value] of Object.entries(ask.query ?? {})) {
      if (value !== undefined) target.searchParams.set(name, String(value))
    }
    const headers: Record<string, string> = { accept: `${mime}, application/problem+json`, ...ask.headers }
    if (options.token) headers.authorization = `Bearer ${options.token}`
    if (ask.body !== undefined) headers['content-type'] = 'application/json'
    const signals = [options.signal, ask.signal].filter((signal) => signal !== undefined)
    if (ask.timeoutMs !== Number.POSITIVE_INFINITY) {
      signals.push(AbortSignal.timeout(ask.timeoutMs ?? defaultTimeoutMs))
    }
    const response = await fetch(target, {
      method,
      headers,
      signal: AbortSignal.any(signals),
      ...(ask.body === undefined ? {} : { body: JSON.stringify(ask.body) }),
    })
    const accepted = ask.accept?.includes(response.status) && !isProblem(response)
    if (response.ok || accepted) return response
    throw await toFailure(response, base)
  }

  /** Runs `ask` and words whatever keeps the manager from answering. */
  async function reach<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask()
    } catch (error) {
      if (error instanceof ApiProblem || error instanceof CliError || options.signal?.aborted) throw error
      throw unreachable(base, error)
    }
  }

  return {
    url: base,
    send<T>(method: string, path: string, ask: RequestOptions = {}) {
      return reach(async () => {
        const response = await request(method, path, ask, 'application/json')
        const text = await response.text()
        const body = (text === '' ? undefined : parseJson(text, base)) as T
        return { status: response.status, body, headers: response.headers }
      })
    },
    text(path, query = {}) {
      return reach(async () => (await request('GET', path, { query }, 'text/plain')).text())
    },
    async *chunks(path, query, mime) {
      const ask = { query, timeoutMs: Number.POSITIVE_INFINITY }
      const response = await reach(() => request('GET', path, ask, mime))
      const decoder = new TextDecoder()
      try {
        for await (const bytes of response.body ?? []) yield decoder.decode(bytes, { stream: true })
      } catch (error) {
        if (options.signal?.aborted) throw error
        throw new CliError('failed', `the answer from ${base} broke off: what came is not all`, {
          code: 'BROKEN_OFF',
          hint: "the manager's log says why",
          cause: error,
        })
      }
    },
    async *events(path, query = {}, signal) {
      const ask = { query, timeoutMs: Number.POSITIVE_INFINITY, ...(signal && { signal }) }
      const response = await reach(() => request('GET', path, ask, 'text/event-stream'))
      if (response.body === null) return
      try {
        yield* readEvents(response.body)
      } catch (error) {
        if (options.signal?.aborted || signal?.aborted) return
        throw new CliError('failed', `the stream from ${base} broke off`, {
          hint: 'run the command again to go on',
          cause: error,
        })
      }
    },
  }
}

function baseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new CliError('usage', `--url takes http://HOST:PORT or https://HOST:PORT, got "${text}"`)
  }
  return url.href.replace(/[?#].*$/, '').replace(/\/+$/, '')
}

function unreachable(base: string, error: unknown): CliError {
  const timedOut = error instanceof DOMException && error.name === 'TimeoutError'
  const why = timedOut ? 'it took the connection but did not answer in time' : rootCause(error)
  const secured = base.startsWith('https:') ? tlsTrouble(why) : undefined
  return new CliError('unreachable', `${secured?.what(base) ?? `no manager answers at ${base}`} (${why})`, {
    hint: secured?.hint ?? plainHint(base, why),
    code: 'NOT_REACHABLE',
    cause: error,
  })
}

/** The innermost error's code or words: fetch itself only says "fetch failed". */
function rootCause(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof AggregateError && error.errors.length > 0) return rootCause(error.errors[0])
  if (error.cause !== undefined) return rootCause(error.cause)
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}

function parseJson(text: string, base: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw notTheManager(base, 'its answer is not JSON')
  }
}

function notTheManager(base: string, why: string): CliError {
  return new CliError('unreachable', `what answers at ${base} is not IB Gateway Manager (${why})`, {
    hint: 'check --url or IBGM_URL',
    code: 'NOT_REACHABLE',
  })
}

function isProblem(response: Response): boolean {
  return response.headers.get('content-type')?.includes('application/problem+json') === true
}

async function toFailure(response: Response, base: string): Promise<Error> {
  const text = await response.text()
  const type = response.headers.get('content-type') ?? 'no content type'
  if (!type.includes('json')) return notTheManager(base, `HTTP ${response.status}, ${type}`)
  const problem = parseJson(text, base) as Partial<Problem>
  if (typeof problem.code !== 'string') return notTheManager(base, `HTTP ${response.status}`)
  const wait = Number(response.headers.get('retry-after') ?? Number.NaN)
  return new ApiProblem(
    {
      type: 'about:blank',
      title: '',
      status: response.status,
      detail: '',
      instance: '',
      ...problem,
    } as Problem,
    Number.isFinite(wait) ? wait : undefined,
  )
}
