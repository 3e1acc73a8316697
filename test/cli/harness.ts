// Runs the CLI in this process against a made-up API, and keeps what it printed.
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import type { Test } from 'tap'
import type { Gateway } from '../../schemas/gateway.ts'
import type { Io } from '../../src/cli/io.ts'
import { run } from '../../src/cli/program.ts'

export interface AskedRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}
export interface StubAnswer {
  readonly status?: number
  readonly body?: unknown
  readonly headers?: Record<string, string>
  /** More could follow the body: it is not ended. */
  readonly open?: boolean
}
export interface StubApi {
  readonly url: string
  readonly asked: AskedRequest[]
}

/** An API whose answers `respond` makes up; a string body is sent as it is. */
export async function stubApi(t: Test, respond: (request: AskedRequest) => StubAnswer): Promise<StubApi> {
  const asked: AskedRequest[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const sent = Buffer.concat(chunks).toString()
    const seen = {
      method: request.method ?? '',
      path: (request.url ?? '').replace(/^\/api\/v1/, ''),
      headers: request.headers,
      body: sent === '' ? undefined : JSON.parse(sent),
    }
    asked.push(seen)
    const { status = 200, body, headers = {}, open = false } = respond(seen)
    const type = status >= 400 ? 'application/problem+json' : 'application/json'
    response.writeHead(status, { 'content-type': type, ...headers })
    const text = body === undefined || typeof body === 'string' ? (body ?? '') : JSON.stringify(body)
    if (!open) return response.end(text)
    response.flushHeaders()
    response.write(text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

/** A port that was just free: nothing listens there. */
export async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

export async function closedUrl(): Promise<string> {
  return `http://127.0.0.1:${await closedPort()}`
}

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}
export interface RunOptions {
  readonly env?: Record<string, string>
  /** Piped to stdin; with `tty`, what a person types at each question. */
  readonly stdin?: string
  readonly tty?: boolean
  readonly signal?: AbortSignal
  /** Called with all of stdout so far whenever more is printed. */
  readonly onOutput?: (stdout: string) => void
}

/** A terminal or pipes, and what was written to them. */
export function fakeIo(options: RunOptions = {}) {
  const printed = { stdout: '', stderr: '' }
  const stdin = new PassThrough()
  const io: Io = {
    stdout: {
      write(text) {
        printed.stdout += text
        options.onOutput?.(printed.stdout)
      },
      isTTY: options.tty ?? false,
      columns: 120,
    },
    stderr: {
      write(text) {
        printed.stderr += text
        // A person types after a question, not before.
        if (options.tty && /[:\]] $/.test(text)) stdin.write(answers.shift() ?? '\n')
      },
      isTTY: options.tty ?? false,
    },
    stdin: Object.assign(stdin, { isTTY: options.tty ?? false }),
    env: options.env ?? {},
    ...(options.signal ? { signal: options.signal } : {}),
  }
  const answers = options.tty ? (options.stdin ?? '').split(/(?<=\n)/) : []
  if (!options.tty) stdin.end(options.stdin ?? '')
  return { io, printed }
}

export async function ibgm(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { io, printed } = fakeIo(options)
  const code = await run(argv, io)
  return { code, ...printed }
}

export function gateway(changes: Partial<Gateway> = {}): Gateway {
  return {
    followerId: 'alpha',
    tradingMode: 'paper',
    status: 'RUNNING',
    phase: 'ready',
    healthy: true,
    connected: true,
    since: new Date(Date.now() - 12_500).toISOString(),
    desired: 'running',
    endpoint: { host: '127.0.0.1', port: 4100 },
    accounts: ['DU1234567'],
    heartbeatRttMs: 1.25,
    reconnects: 0,
    restarts: 1,
    connectionFailures: 0,
    conditions: [],
    drift: false,
    ...changes,
  }
}

/** Server-sent events: a name and data, or data with an id. */
export const sse = (...items: Array<[event: string, data: object, id?: string]>) =>
  `retry: 10\n:\n\n${items.map(([event, data, id]) => `${id ? `id: ${id}\n` : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`).join('')}`
export const eventStream = (body: string): StubAnswer => ({
  body,
  headers: { 'content-type': 'text/event-stream' },
})

export function problem(status: number, code: string, detail: string, more: object = {}): StubAnswer {
  return {
    status,
    body: { type: 'about:blank', title: 'No', status, code, detail, instance: 'req-1', ...more },
  }
}
