// Gateways as told: never RUNNING when the session does not answer, and nothing that is not known.
import t from 'tap'
import { answers, gatewayView, healthView, statusView, toldStatus } from '../../../src/fleet/views/view.ts'
import { keeperOf, runningKeeper, sessionThat } from '../keepers.ts'
import { container, noon, state } from '../looks.ts'

t.test('RUNNING is only told of a gateway that answers', async (t) => {
  const ready = runningKeeper()
  t.match(statusView(ready), { status: 'RUNNING', phase: 'ready', healthy: true })
  for (const phase of ['ready', 'degraded'] as const)
    for (const session of [null, sessionThat(false)]) {
      const silent = runningKeeper({ session, state: state({ phase, wasReady: true }) })
      t.equal(toldStatus(silent), 'STARTING')
      const code = session ? 'HEARTBEAT_LOST' : 'SESSION_LOST'
      t.match(statusView(silent), { phase: 'reconnecting', healthy: false, reason: { code } })
      t.match(healthView(silent), { healthy: false, status: 'STARTING' })
      t.match(gatewayView(silent, noon), { status: 'STARTING', healthy: false, connected: false })
      t.notOk(answers(silent))
    }
})

t.test('an answering session does not make another phase healthy', async (t) => {
  const lost = runningKeeper({ state: state({ phase: 'upstream-lost', cause: { code: 'UPSTREAM_LOST' } }) })
  t.match(statusView(lost), { status: 'STARTING', phase: 'upstream-lost', healthy: false })
})

t.test('one that is up', async (t) => {
  const session = sessionThat(true, {
    serverVersion: 176,
    connectedAt: noon,
    heartbeatRttMs: 3,
    reconnects: 2,
    connectionFailures: 1,
  })
  const view = gatewayView(runningKeeper({ session, past: { reconnects: 5, connectionFailures: 7 } }), noon)
  t.match(view, {
    connected: true,
    desired: 'running',
    containerId: 'c1',
    endpoint: { host: '127.0.0.1', port: 4100 },
    clientId: 1000,
    accounts: ['DU1'],
    serverVersion: 176,
    connectedAt: '2026-01-05T17:00:00.000Z',
    plannedRestartAt: '2026-01-05T21:30:00.000Z',
    reconnects: 7,
    connectionFailures: 8,
    drift: true,
  })
})

t.test('one that is not there', async (t) => {
  const view = gatewayView(
    keeperOf({
      state: state({ phase: 'backing-off', cause: { code: 'PORT_EXHAUSTED' }, retryAt: noon + 1000 }),
    }),
    noon,
  )
  t.match(view, {
    status: 'FAILED',
    retryAt: '2026-01-05T17:00:01.000Z',
    reason: { code: 'PORT_EXHAUSTED' },
    accounts: [],
    drift: false,
    image: 'image',
  })
  for (const absent of [
    'containerId',
    'endpoint',
    'clientId',
    'plannedRestartAt',
    'serverVersion',
    'deadline',
  ])
    t.notOk(absent in view, absent)
  t.notOk('plannedRestartAt' in gatewayView(keeperOf({ container: container({ state: 'exited' }) }), noon))
})

t.test('a request on the phone ends before the phase does, and none is open between two', async (t) => {
  const asked = { phase: 'awaiting-2fa', deadline: noon + 200_000 } as const
  const told = (cause: 'AWAITING_2FA' | 'TWOFA_TIMEOUT') =>
    gatewayView(keeperOf({ state: state({ ...asked, cause: { code: cause } }) }), noon)
  t.match(told('AWAITING_2FA'), {
    pushExpiresAt: new Date(noon + 180_000).toISOString(),
    deadline: new Date(noon + 200_000).toISOString(),
  })
  t.equal(told('TWOFA_TIMEOUT').pushExpiresAt, undefined)
  t.match(told('TWOFA_TIMEOUT').reason?.action, /next request .* sent by itself/, 'nothing is to be launched')
  t.equal(gatewayView(runningKeeper(), noon).pushExpiresAt, undefined)
})
