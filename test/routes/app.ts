// Builds the app over a fake fleet and fake market data for one test, and closes it afterwards.
import type { AddressInfo } from 'node:net'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { pino } from 'pino'
import type { Test } from 'tap'
import { type AppDeps, buildApp } from '../../src/app.ts'
import { redaction } from '../../src/http/request-log.ts'
import { FakeFleet } from './fake-fleet.ts'
import { FakeMarketData } from './fake-market-data.ts'

export interface TestApp {
  readonly app: FastifyInstance
  readonly fleet: FakeFleet
  readonly marketData: FakeMarketData
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
  const marketData = new FakeMarketData()
  const logged: Array<Record<string, unknown>> = []
  const log = pino(
    { level: 'debug', redact: redaction },
    { write: (line: string) => logged.push(JSON.parse(line)) },
  )
  const app = await buildApp({ fleet, marketData, version: '1.2.3', log, ...overrides })
  t.after(() => app.close())
  return {
    app,
    fleet,
    marketData,
    logged,
    async call(method, path, payload, headers = {}) {
      const options: InjectOptions = {
        method: method as 'GET',
        url: path.startsWith('//') ? path.slice(1) : `/api/v1${path}`,
        headers,
        ...(payload !== undefined && { payload: payload as object }),
      }
      const answer = await app.inject(options)
      const isJson = answer.body !== '' && String(answer.headers['content-type']).includes('json')
      return {
        status: answer.statusCode,
        headers: answer.headers,
        text: answer.body,
        body: isJson ? answer.json() : undefined,
      }
    },
  }
}

/** Starts to listen on a free port of this machine. */
export async function listening(app: FastifyInstance): Promise<number> {
  await app.listen({ host: '127.0.0.1', port: 0 })
  return (app.server.address() as AddressInfo).port
}

/** Waits, turn after turn of the event loop, until `holds`; the limit of the whole test is its bound. */
export async function turnsUntil(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate)
}
