// A session with a simulated gateway through the forwarder: handshake, heartbeats, data, a drop, and the end.
import t from 'tap'
import { realSession } from '../session/harness.ts'
import { startLoggedIn, until } from '../simulator/harness.ts'
import { events, forwarder } from './harness.ts'

t.test('a session does not notice that it is forwarded', async (t) => {
  const gateway = await startLoggedIn(t)
  const forward = await forwarder(t, { host: '127.0.0.1', port: gateway.port })
  const session = realSession(t, forward.port, { heartbeatIntervalMs: 50, heartbeatTimeoutMs: 5_000 })
  await session.connect()
  t.ok((await session.ping()) < 1_000)
  const apple = { symbol: 'AAPL', secType: 'STK', exchange: 'SMART', currency: 'USD' }
  t.ok((await session.request('quote', apple)).size > 0)
  gateway.fault('drop')
  await until(() => session.snapshot().reconnects === 1)
  t.match(
    session.snapshot(),
    { state: 'ready', clientId: 1000 },
    'a drop passes through, and so does the return',
  )
  await session.disconnect()
  await until(() => forward.connections === 0)
  t.strictSame(events(forward), ['listening', 'target-up'])
})
