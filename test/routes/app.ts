// Builds the app over a fake fleet for one test, and closes it afterwards.
import type { FastifyInstance, InjectOptions } from 'fastify'
import { pino } from 'pino'
import type { Test } from 'tap'
import { type AppDeps, buildApp } from '../../src/app.ts'
import { redaction } from '../../src/request-log.ts'
import { FakeFleet } from './fake-fleet.ts'

export interface TestApp {
  readonly app: FastifyInstance
  readonly fleet: FakeFleet
  /** The log so far, one object a line. */
  readonly logged: Array<Record<string, unknown>>
  /** One request below /api/v1. */
  call(method: string, path: string, payload?: unknown, headers?: Record<string, string>): Promise<Answer>
}

export interface Answer {
  readonly status: number
  readonly headers: Record<string, unknown>
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever came back
  readonly body: any
}

export async function testApp(t: Test, overrides: Partial<AppDeps> = {}): Promise<TestApp> {
  const fleet = new FakeFleet()
  const logged: Array<Record<string, unknown>> = []
  const log = pino(
    { level: 'debug', redact: redaction },
    { write: (line: string) => logged.push(JSON.parse(line)) },
  )
  const app = await buildApp({ fleet, version: '1.2.3', log, ...overrides })
  t.after(() => app.close())
  return {
    app,
    fleet,
    logged,
    async call(method, path, payload, headers = {}) {
      const options: InjectOptions = {
        method: method as 'GET',
        url: path.startsWith('//') ? path.slice(1) : `/api/v1${path}`,
        headers,
        ...(payload !== undefined && { payload: payload as object }),
      }
      const answer = await app.inject(options)
      const isJson = String(answer.headers['content-type']).includes('json')
      return {
        status: answer.statusCode,
        headers: answer.headers,
        text: answer.body,
        body: isJson ? answer.json() : undefined,
      }
    },
  }
}
