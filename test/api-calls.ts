// The API as a program asks it: JSON there, JSON back.

// biome-ignore lint/suspicious/noExplicitAny: each test knows what it asked for
export interface Answer<T = any> {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** What was said in JSON; undefined where the answer is none. */
  readonly body: T
}

// biome-ignore lint/suspicious/noExplicitAny: each test knows what it asked for
export type ApiCall = <T = any>(
  method: string,
  path: string,
  body?: object | string,
  headers?: Record<string, string>,
) => Promise<Answer<T>>

/** Asks whatever listens at `base`, with the token where there is one. A body of text is sent as it is, and said to be JSON. */
export function apiCalls(base: string, token?: string): ApiCall {
  return async <T>(method: string, path: string, body?: object | string, headers = {}) => {
    const answer = await fetch(`${base}${path}`, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await answer.text()
    const isJson = answer.headers.get('content-type')?.includes('json')
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      body: (isJson ? JSON.parse(text) : undefined) as T,
    }
  }
}
