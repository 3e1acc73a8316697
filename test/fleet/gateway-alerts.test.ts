// Which alerts a gateway's state calls for, and when that changes by itself.
import t from 'tap'
import { alertsChangeAt, gatewayAlerts } from '../../src/fleet/gateway-alerts.ts'
import type { Cause } from '../../src/fleet/reasons.ts'
import type { GatewayState } from '../../src/fleet/state.ts'
import { container, look, noon, state } from './looks.ts'

const minute = 60_000
const because = (code: Cause['code']) => ({ cause: { code } })
const asking = { phase: 'awaiting-2fa', ...because('AWAITING_2FA'), deadline: noon + 200_000 } as const
const lost = { phase: 'upstream-lost', ...because('UPSTREAM_LOST') } as const
const night = Date.UTC(2026, 0, 6, 5, 20) // 00:20 in New York

// biome-ignore format: a table is read by its rows
const rows: Array<[name: string, from: Partial<GatewayState>, now: number, alerts: string]> = [
  ['ready', { phase: 'ready' }, noon, ''],
  ['degraded', { phase: 'degraded' }, noon, ''],
  ['stopped', { phase: 'stopped' }, noon, ''],
  ['planned restart', { phase: 'restarting', ...because('PLANNED_RESTART') }, noon + 9 * minute, ''],
  ['locked', { phase: 'locked', ...because('CREDENTIALS_REJECTED') }, noon, 'CRITICAL CREDENTIALS_REJECTED'],
  ['crash loop', { phase: 'locked', ...because('CRASH_LOOP') }, noon, 'CRITICAL CRASH_LOOP'],
  ['login budget', { phase: 'locked', ...because('LOGIN_BUDGET') }, noon, 'CRITICAL LOGIN_BUDGET'],
  ['2FA, just asked', asking, noon, 'WARNING AWAITING_2FA'],
  ['2FA, half time', asking, noon + 100_000, 'ERROR AWAITING_2FA'],
  ['2FA, log said no deadline', { ...asking, deadline: null }, noon + 9e6, 'WARNING AWAITING_2FA'],
  ['backing off', { phase: 'backing-off', trouble: { code: 'CREDENTIALS_MISSING' }, failures: 1 }, noon, 'WARNING CREDENTIALS_MISSING'],
  ['backing off for the third time', { phase: 'backing-off', trouble: { code: 'PORT_EXHAUSTED' }, failures: 3 }, noon, 'ERROR PORT_EXHAUSTED'],
  ['trying again', { phase: 'booting', trouble: { code: 'PORT_EXHAUSTED' } }, noon, 'WARNING PORT_EXHAUSTED'],
  ['locked after trouble', { phase: 'locked', ...because('CRASH_LOOP'), trouble: { code: 'PORT_EXHAUSTED' } }, noon, 'CRITICAL CRASH_LOOP'],
  ['stopped after trouble', { phase: 'stopping', trouble: { code: 'PORT_EXHAUSTED' } }, noon, ''],
  ['waiting for the engine', { phase: 'backing-off', ...because('ENGINE_UNAVAILABLE') }, noon, ''],
  ['reconnecting', { phase: 'reconnecting', ...because('SESSION_LOST') }, noon + minute - 1, ''],
  ['reconnecting for a minute', { phase: 'reconnecting', ...because('HEARTBEAT_LOST') }, noon + minute, 'ERROR HEARTBEAT_LOST'],
  ['upstream lost', lost, noon + 15 * minute - 1, ''],
  ['upstream lost for 15 min', lost, noon + 15 * minute, 'ERROR UPSTREAM_LOST'],
  ['upstream lost in the nightly reset', { ...lost, since: night - 30 * minute }, night, ''],
]
for (const [name, from, now, alerts] of rows)
  t.test(name, async (t) => {
    const found = gatewayAlerts('f1', state(from), look(), now)
    t.equal(found.map(({ level, code }) => `${level} ${code}`).join(), alerts)
    for (const alert of found)
      t.match(alert, { key: `gateway:f1:${alert.code}`, followerId: 'f1', title: /: f1$/ })
  })

t.test('a port open to the world', async (t) => {
  const wide = look({ container: container({ publishedOn: ['0.0.0.0'] }) })
  t.match(gatewayAlerts('f1', state({ phase: 'ready' }), wide, noon), [
    { level: 'CRITICAL', code: 'PUBLISHED_WIDE', message: /0\.0\.0\.0/ },
  ])
})

t.test('when to look again', async (t) => {
  const again = (from: Partial<GatewayState>, now: number) =>
    (alertsChangeAt(state(from), now) ?? Number.NaN) - noon
  t.equal(again(asking, noon), 100_000)
  t.ok(Number.isNaN(again(asking, noon + 100_000)))
  t.equal(again({ phase: 'reconnecting' }, noon), minute)
  t.equal(again(lost, noon), 15 * minute)
  t.equal(again(lost, noon + 15 * minute), 16 * minute, 'a maintenance window may end')
  t.ok(Number.isNaN(again({ phase: 'ready' }, noon)))
})
