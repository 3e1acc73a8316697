// Malicious gateways beside an honest one: the sessions with them end or go on, each with a reason, and the honest one never notices.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import t, { type Test } from 'tap'
import { isFleetError } from '../../src/ports/errors.ts'
import type { IbSession } from '../../src/session/session.ts'
import { startLoggedIn, until } from '../simulator/harness.ts'
import { realSession } from './harness.ts'
import { type deeds, floods } from './malicious-deeds.ts'
import { startMalicious } from './malicious-gateways.ts'

/** What is said of each; `survives` is for those that a session lives through. */
const ends: Record<keyof typeof deeds, RegExp | 'survives'> = {
  'garbage for a handshake': /does not speak the TWS API as we do: it announced a frame of \d+ bytes/,
  'a length of 4 GiB': /it announced a frame of 4294967295 bytes/,
  'an end for a handshake': /the gateway closed it before the API handshake/,
  'no handshake': /never answered the API handshake.*\[step handshake\]/,
  'a handshake byte by byte': /never answered the API handshake.*\[step handshake\]/,
  'a version from the future': /does not speak/,
  'no accounts': /never named its accounts.*\[step accounts\]/,
  'no order id': /never gave the next order id.*\[step order-id\]/,
  'a megabyte of accounts': /it named 100000 accounts/,
  'an account of escape codes': /it named an account/,
  'an order id that is no number': /it gave NaN as the next order id/,
  'an order id below zero': /it gave -5 as the next order id/,
  'an order id beyond all': /it gave 100000000000000000000 as the next order id/,
  'accounts and ids that change': 'survives',
  'garbage after all was well': /it announced a frame of \d+ bytes/,
  'a frame of 50 MB in pieces': /it announced a frame of 50000000 bytes/,
  'a frame of 12 MB that never ends': /did not answer a heartbeat/,
  'a frame of 16 million fields': /it sent a frame of 16000000 fields/,
  // With the last bytes still unread, the system may tell of an end instead.
  'a reset in mid-frame': /ECONNRESET|the gateway closed it/,
  'an end in mid-frame': /the gateway closed it/,
  'a million bars that never come': 'survives',
  'an order whose quantity is no number': /filled quantity is no number/,
  'answers to what nobody asked': 'survives',
  'letters that are none': 'survives',
  'a megabyte of escape codes': 'survives',
  'a refusal that is no JSON': 'survives',
}
const quick = {
  connectTimeoutMs: 2_000,
  heartbeatIntervalMs: 300,
  heartbeatTimeoutMs: 3_000,
  reconnectAttempts: 0,
  onClientIdInUse: 'next',
} as const
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
const trick = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\ufeff]/

/** A session that is made once and not again; its listeners see every notice. */
async function meet(
  t: Test,
  port: number,
): Promise<{ session: IbSession; error: unknown; notices: string[] }> {
  const session = realSession(t, port, quick)
  const notices: string[] = []
  session.orders.onNotice((notice) => notices.push(notice.text, notice.orderRejectJson ?? ''))
  const error = await session.connectOnce().catch((error: unknown) => error)
  return { session, error, notices }
}

t.test('whatever a gateway does ends its own session, or nobody', async (t) => {
  const ports = await startMalicious(t)
  const honest = realSession(t, (await startLoggedIn(t)).port, quick)
  await honest.connect()
  let beats = 0
  honest.onHeartbeat(() => beats++)
  const heap = process.memoryUsage().heapUsed
  await Promise.all(
    Object.entries(ends).map(async ([name, end]) => {
      const { session, error, notices } = await meet(t, ports[name] ?? 0)
      if (end === 'survives') {
        let answered = 0
        session.onHeartbeat(() => answered++)
        await until(() => answered >= 3)
        t.ok(session.isHealthy(), `${name} is survived`)
      } else {
        await until(() => !session.isConnected())
        t.ok(error === undefined || isFleetError(error), name)
        const { lastError } = session.snapshot()
        t.match(lastError?.message, end, name)
        t.notMatch(lastError?.message, trick, `${name}: on one line, without tricks`)
      }
      const { accounts, lastError } = session.snapshot()
      t.ok(JSON.stringify([accounts, lastError]).length < 2_000, `${name}: not too long to be shown`)
      for (const text of notices) t.ok(text.length <= 10_000, `${name}: notices are cut`)
    }),
  )
  await until(() => beats >= 3)
  t.match(honest.snapshot(), { state: 'ready', reconnects: 0, errors: 0 })
  const grownMb = (process.memoryUsage().heapUsed - heap) / 1e6
  t.ok(grownMb < 150, `the heap grew by ${Math.round(grownMb)} MB`)
})

t.test('floods are cut off, and the honest session beats on', async (t) => {
  const ports = await startMalicious(t)
  const honest = realSession(t, (await startLoggedIn(t)).port, { ...quick, heartbeatTimeoutMs: 5_000 })
  await honest.connect()
  const delays = monitorEventLoopDelay({ resolution: 5 })
  delays.enable()
  const heap = process.memoryUsage().heapUsed
  for (const name of Object.keys(floods)) {
    const { session, error } = await meet(t, ports[name] ?? 0)
    t.equal(error, undefined)
    await until(() => !session.isConnected(), 15_000)
    t.match(
      session.snapshot().lastError?.message,
      /it sent more than 100000 messages within 10 s|did not answer a heartbeat/,
      name,
    )
    t.ok(session.snapshot().brokenFarms.length <= 64)
    await session.disconnect()
  }
  delays.disable()
  const beats = honest.snapshot().requests
  await honest.ping()
  t.match(honest.snapshot(), { state: 'ready', reconnects: 0 })
  t.ok(beats >= 2)
  t.ok(
    delays.max / 1e6 < 2_500,
    `no turn of the event loop took longer than ${Math.round(delays.max / 1e6)} ms`,
  )
  const grownMb = (process.memoryUsage().heapUsed - heap) / 1e6
  t.ok(grownMb < 150, `the heap grew by ${Math.round(grownMb)} MB`)
})

t.test('an answer without end is given up, not gathered', async (t) => {
  const ports = await startMalicious(t)
  const { session } = await meet(t, ports['an answer without end'] ?? 0)
  await t.rejects(session.request('quote', { symbol: 'AAPL', secType: 'STK' }), {
    code: 'CONNECTION_CLOSED',
  })
})
