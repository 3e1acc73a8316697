// The manager's API as the dashboard asks it: JSON with the tab's token, errors as ApiProblem, a refused token as the login page.
import type { Problem } from '../../schemas/common.ts'
import { goToLogin } from './router.ts'
import { authorization, forgetToken, token } from './token.ts'

/** What the API answered instead of what was asked, or that it did not answer (status 0, code UNREACHABLE). */
export class ApiProblem extends Error {
  readonly title: string
  readonly detail: string
  readonly code: string
  readonly status: number

  constructor({ title, detail, code, status }: Pick<Problem, 'title' | 'detail' | 'code' | 'status'>) {
    super(detail)
    this.title = title
    this.detail = detail
    this.code = code
    this.status = status
  }
}

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly body?: unknown
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly signal?: AbortSignal
}

/**
 * Asks `/api/v1<path>` and gives the answer's JSON (undefined for 204). Throws ApiProblem; a 401 also shows the login.
 * An aborted `signal` rejects with its own reason.
 */
export async function api<T>(path: string, request: ApiRequest = {}): Promise<T> {
  const response = await open(path, request)
  if (response.status === 204) return undefined as T
  try {
    return (await response.json()) as T
  } catch {
    request.signal?.throwIfAborted()
    throw unreachable('The answer broke off.')
  }
}

/** As `api`, but gives a response whose body is still to be read, for streams and text. */
export async function open(
  path: string,
  request: ApiRequest & { readonly accept?: string; readonly headers?: Record<string, string> } = {},
): Promise<Response> {
  const {
    method = 'GET',
    body,
    query,
    signal,
    accept = 'application/json, application/problem+json',
    headers,
  } = request
  const used = token()
  let response: Response
  try {
    response = await fetch(`/api/v1${path}${search(query)}`, {
      method,
      headers: {
        accept,
        ...authorization(),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      cache: 'no-store',
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    })
  } catch {
    signal?.throwIfAborted()
    throw unreachable('The manager does not answer. It may be stopped, or the network between is down.')
  }
  if (response.ok) return response
  const problem = await readProblem(response)
  if (problem.status === 401) askForToken(used, problem)
  throw problem
}

/** Several requests may be refused at once: only the first of a token says so, and none speaks of a token that came since. */
function askForToken(used: string | undefined, { detail }: ApiProblem): void {
  if (token() !== used) return
  if (used !== undefined) forgetToken(`The token is not accepted any more. ${detail}`)
  goToLogin()
}

async function readProblem(response: Response): Promise<ApiProblem> {
  const { status, statusText } = response
  try {
    const { title, detail, code } = (await response.json()) as Problem
    if (typeof detail === 'string' && typeof code === 'string')
      return new ApiProblem({ title, detail, code, status })
  } catch {
    // Not from the manager: a proxy's own page.
  }
  return new ApiProblem({
    title: statusText || `HTTP ${status}`,
    detail: `Something between this page and the manager answered ${status}.`,
    code: 'FOREIGN_ANSWER',
    status,
  })
}

function unreachable(detail: string): ApiProblem {
  return new ApiProblem({ title: 'No answer', detail, code: 'UNREACHABLE', status: 0 })
}

function search(query: ApiRequest['query'] = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  return given.length === 0
    ? ''
    : `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`
}
