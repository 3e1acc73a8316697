// Sessions for tests: over a fake connector and clock, or over the real adapter and a real socket.
import type { Test } from 'tap'
import { ibConnector } from '../../src/adapters/ib/connector.ts'
import { systemClock } from '../../src/adapters/system-clock.ts'
import type { Log } from '../../src/ports/log.ts'
import { Pacer } from '../../src/session/pacing/pacer.ts'
import { IbSession, type SessionOptions } from '../../src/session/session.ts'
import { FakeClock } from '../fake-clock.ts'
import { FakeConnector } from './fake-connector.ts'

export const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent }

export const options: SessionOptions = {
  followerId: 'alice',
  host: '127.0.0.1',
  port: 4100,
  clientId: 1000,
  onClientIdInUse: 'keep',
  heartbeatIntervalMs: 30_000,
  heartbeatTimeoutMs: 10_000,
  reconnectAttempts: 5,
  reconnectWindowMs: 60_000,
}

export function fakeSession(t: Test, changes: Partial<SessionOptions> = {}, random = () => 0.5) {
  const clock = new FakeClock()
  const connector = new FakeConnector()
  const pacer = new Pacer(clock, { minRequestDelayMs: 0 })
  const session = new IbSession({ connector, clock, log: silent, random, pacer }, { ...options, ...changes })
  t.teardown(() => session.disconnect())
  return { clock, connector, session, pacer }
}

export function realSession(t: Test, port: number, changes: Partial<SessionOptions> = {}): IbSession {
  const session = new IbSession(
    { connector: ibConnector(), clock: systemClock(), log: silent },
    { ...options, port, ...changes },
  )
  t.teardown(() => session.disconnect())
  return session
}
