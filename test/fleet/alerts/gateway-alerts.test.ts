// Which alerts a gateway's state calls for, and when that changes by itself.
import t from 'tap'
import { alertsChangeAt, gatewayAlerts } from '../../../src/fleet/alerts/gateway-alerts.ts'
import type { Judged } from '../../../src/fleet/alerts/judged.ts'
import type { Cause } from '../../../src/fleet/lifecycle/reasons.ts'
import type { GatewayState } from '../../../src/fleet/lifecycle/state.ts'
import type { AlertCode } from '../../../src/ports/alert-codes.ts'
import { container, follower, login, look, noon, state } from '../looks.ts'

const minute = 60_000
const day = 86_400_000
const because = (code: Cause['code']) => ({ cause: { code } })
const trouble = (code: Cause['code'], since = noon) => ({ trouble: { code }, troubleSince: since })
/** A request lives for 3 min, its phase for 20 s more. */
const asking = { phase: 'awaiting-2fa', ...because('AWAITING_2FA'), deadline: noon + 200_000 } as const
const missedTwice = { missedPushes: 2 } as const
const lost = { phase: 'upstream-lost', ...because('UPSTREAM_LOST') } as const
const night = (clock: string) => Date.parse(`2026-01-06T${clock}Z`) // 00:15 to 01:45 in New York is 05:15 to 06:45

function judged(
  from: Partial<GatewayState>,
  changed: Partial<Judged> = {},
  told: readonly string[] = [],
): Judged {
  return {
    follower: follower(),
    state: state(from),
    seen: look(),
    region: 'america',
    driftSince: null,
    twofaMaxPushes: 3,
    bots: [],
    told: (key) => {
      const open = { level: 'ERROR', title: 'told', message: 'told', key: `gateway:f1:${key}` } as const
      return told.includes(key) ? { ...open, code: key as AlertCode } : undefined
    },
    ...changed,
  }
}

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
  ['2FA, half time', asking, noon + 90_000, 'ERROR AWAITING_2FA'],
  ['2FA, log said no deadline', { ...asking, deadline: null }, noon + 9e6, 'WARNING AWAITING_2FA'],
  ['2FA, the push expired', { ...asking, ...because('TWOFA_TIMEOUT'), missedPushes: 1 }, noon, 'ERROR TWOFA_TIMEOUT'],
  ['2FA, the next container is on its way', { phase: 'backing-off', ...trouble('TWOFA_TIMEOUT'), missedPushes: 1 }, noon, 'ERROR TWOFA_TIMEOUT'],
  ['2FA, asked again', { ...asking, missedPushes: 1 }, noon, 'ERROR AWAITING_2FA'],
  ['2FA, locked', { phase: 'locked', ...because('TWOFA_TIMEOUT'), missedPushes: 3 }, noon, 'CRITICAL TWOFA_TIMEOUT'],
  ['2FA, stopped by a person', { phase: 'stopping', missedPushes: 1 }, noon, ''],
  ['a new follower whose credentials are on their way', { phase: 'backing-off', ...trouble('CREDENTIALS_MISSING'), failures: 1 }, noon + 2_999, ''],
  ['backing off', { phase: 'backing-off', ...trouble('CREDENTIALS_MISSING'), failures: 1 }, noon + 3_000, 'WARNING CREDENTIALS_MISSING'],
  ['backing off for the third time', { phase: 'backing-off', ...trouble('PORT_EXHAUSTED'), failures: 3 }, noon, 'ERROR PORT_EXHAUSTED'],
  ['trying again', { phase: 'booting', ...trouble('PORT_EXHAUSTED') }, noon, 'WARNING PORT_EXHAUSTED'],
  ['locked after trouble', { phase: 'locked', ...because('CRASH_LOOP'), ...trouble('PORT_EXHAUSTED') }, noon, 'CRITICAL CRASH_LOOP'],
  ['stopped after trouble', { phase: 'stopping', ...trouble('PORT_EXHAUSTED') }, noon, ''],
  ['waiting for the engine', { phase: 'backing-off', ...because('ENGINE_UNAVAILABLE') }, noon, ''],
  ['reconnecting', { phase: 'reconnecting', ...because('SESSION_LOST') }, noon + minute - 1, ''],
  ['reconnecting for a minute', { phase: 'reconnecting', ...because('HEARTBEAT_LOST') }, noon + minute, 'ERROR HEARTBEAT_LOST'],
  ['upstream lost', lost, noon + 15 * minute - 1, ''],
  ['upstream lost for 15 min', lost, noon + 15 * minute, 'ERROR UPSTREAM_LOST'],
  ['upstream lost in the nightly reset', { ...lost, since: night('05:20') }, night('06:44:59'), ''],
  ['upstream lost for longer than the reset', { ...lost, since: night('05:20') }, night('06:45'), 'ERROR UPSTREAM_LOST'],
  ['upstream lost, told before the reset began', { ...lost, since: night('04:50') }, night('05:30'), 'ERROR UPSTREAM_LOST'],
  ['session lost in the reset', { phase: 'reconnecting', ...because('SESSION_LOST'), since: night('05:20') }, night('05:50'), ''],
  ['no logins in the reset', { phase: 'backing-off', ...trouble('SERVER_UNAVAILABLE', night('05:20')) }, night('06:00'), ''],
  ['no logins after the reset', { phase: 'backing-off', ...trouble('SERVER_UNAVAILABLE', night('05:20')) }, night('06:45'), 'WARNING SERVER_UNAVAILABLE'],
  ['no logins at noon', { phase: 'backing-off', ...trouble('SERVER_UNAVAILABLE') }, noon, 'WARNING SERVER_UNAVAILABLE'],
  ['a missing password in the reset', { phase: 'backing-off', ...trouble('CREDENTIALS_MISSING', night('05:20')) }, night('05:21'), 'WARNING CREDENTIALS_MISSING'],
]
for (const [name, from, now, alerts] of rows)
  t.test(name, async (t) => {
    const found = gatewayAlerts(judged(from), now)
    t.equal(found.map(({ level, code }) => `${level} ${code}`).join(), alerts)
    for (const alert of found) {
      t.match(alert, { followerId: 'f1', title: /: f1 \(paper\)$/ })
      t.equal(alert.key, `gateway:f1:${alert.code === 'TWOFA_TIMEOUT' ? 'AWAITING_2FA' : alert.code}`)
      t.notMatch(alert.action ?? '', '{id}')
    }
  })

t.test('it says who, by name and mode', async (t) => {
  const named = follower({ name: 'Growth', tradingMode: 'live' })
  const [alert] = gatewayAlerts(
    judged({ phase: 'locked', ...because('CRASH_LOOP') }, { follower: named }),
    noon,
  )
  t.match(alert, { title: 'Gateway needs a person: Growth (f1, live)', action: /npx ibgm launch f1/ })
})

t.test('each stage of a second factor has its own words', async (t) => {
  const words = (from: Partial<GatewayState>, now = noon) => {
    const [alert] = gatewayAlerts(judged(from), now)
    return `${alert?.message} ${alert?.action}`
  }
  t.match(
    words(asking),
    /request 1 of 3, open until 17:03:00 UTC\. Approve it in IBKR Mobile before 17:03:00 UTC\./,
  )
  t.match(words(asking, noon + 90_000), /Mobile before 17:03:00 UTC\./)
  t.match(words({ ...asking, missedPushes: 1 }), /request 2 of 3/)
  t.match(
    words({ ...asking, ...missedTwice }),
    /request 3 of 3.*the last: without an approval the gateway is locked/,
  )
  t.match(
    words({ phase: 'booting', ...missedTwice }),
    /Request 2 of 3 has expired\. The next one is sent by itself/,
  )
  t.match(
    words({ phase: 'locked', ...because('TWOFA_TIMEOUT') }),
    /no further request is sent.*npx ibgm launch f1/,
  )
})

t.test('the alert about a second factor counts requests, whatever else changes in it', async (t) => {
  const count = (from: Partial<GatewayState>, now = noon) => gatewayAlerts(judged(from), now)[0]?.count
  t.equal(count(asking), 1)
  t.equal(count(asking, noon + 90_000), 1)
  t.equal(count({ phase: 'booting', missedPushes: 1 }), 1)
  t.equal(count({ ...asking, missedPushes: 1 }), 2)
  t.equal(count({ phase: 'locked', ...because('TWOFA_TIMEOUT'), missedPushes: 3 }), 3)
})

t.test('an outage that no maintenance explains says so, and since when', async (t) => {
  const [alert] = gatewayAlerts(judged(lost), noon + 20 * minute)
  t.match(alert?.message, /began at 17:00 UTC .* more than 15 min; no maintenance window/)
  t.match(alert?.action, /^Check the network/)
})

t.test('an outage that outlasts maintenance names both', async (t) => {
  const [alert] = gatewayAlerts(judged({ ...lost, since: night('05:20') }), night('06:45'))
  t.match(
    alert?.message,
    /longer than its maintenance window: It began at 05:20 UTC\. IBKR's daily reset in North America \(00:15 to 01:45 New York time\) is over\./,
  )
  const inEurope = gatewayAlerts(
    judged({ ...lost, since: night('05:20') }, { region: 'europe' }),
    night('05:40'),
  )
  t.equal(inEurope.length, 0, 'its own window has begun before it was due')
})

t.test('what was told stands until it is over, whoever tells it now', async (t) => {
  const codes = (from: Partial<GatewayState>, told: string[], changed: Partial<Judged> = {}) =>
    gatewayAlerts(judged(from, changed, told), noon).map(({ code }) => code)
  t.strictSame(codes(lost, ['UPSTREAM_LOST']), ['UPSTREAM_LOST'], 'seen anew by the next manager')
  t.strictSame(codes({ phase: 'connecting' }, ['UPSTREAM_LOST']), ['UPSTREAM_LOST'])
  t.strictSame(codes({ phase: 'restarting' }, ['HEARTBEAT_LOST']), ['HEARTBEAT_LOST'], 'on the ladder')
  t.strictSame(codes({ phase: 'ready' }, ['UPSTREAM_LOST', 'HEARTBEAT_LOST']), [])
  t.strictSame(codes({ phase: 'locked', ...because('CRASH_LOOP') }, ['HEARTBEAT_LOST']), ['CRASH_LOOP'])
  t.strictSame(codes(asking, ['SESSION_LOST']), ['AWAITING_2FA'])
  const answered = gatewayAlerts(judged({ phase: 'logging-in' }, {}, ['AWAITING_2FA']), noon)
  t.match(answered, [{ message: 'told' }], 'until the log says whether it was approved')
  t.strictSame(codes({ phase: 'connecting' }, ['AWAITING_2FA']), [])
  t.strictSame(codes({ phase: 'connecting' }, ['SESSION_LOST'], { seen: look({ wanted: false }) }), [])
})

t.test('a port open to the world', async (t) => {
  const seen = look({ container: container({ publishedOn: ['0.0.0.0'] }) })
  t.match(gatewayAlerts(judged({ phase: 'ready' }, { seen }), noon), [
    { level: 'CRITICAL', code: 'PUBLISHED_WIDE', message: /0\.0\.0\.0/ },
  ])
})

t.test('older settings than the record asks for are told after a day, once', async (t) => {
  const drifted = (told: string[] = []) => judged({ phase: 'ready' }, { driftSince: noon }, told)
  t.strictSame(gatewayAlerts(drifted(), noon + day - 1), [])
  t.equal(alertsChangeAt(drifted(), noon), noon + day)
  t.match(gatewayAlerts(drifted(), noon + day), [{ level: 'WARNING', code: 'SPEC_DRIFT' }])
  t.match(
    gatewayAlerts(drifted(['SPEC_DRIFT']), noon),
    [{ code: 'SPEC_DRIFT' }],
    'after a restart of the manager',
  )
})

t.test(
  'a bot that is not well is told while its gateway is up, and held back while that is down',
  async (t) => {
    const bot = { purpose: 'algo', healthy: false, checkedAt: noon, missed: 3, detail: 'says: no data' }
    const codes = (phase: GatewayState['phase'], missed: number, told: string[] = []) =>
      gatewayAlerts(judged({ phase }, { bots: [{ ...bot, missed }] }, told), noon).map(({ key }) => key)
    t.strictSame(codes('ready', 2), [])
    t.strictSame(codes('ready', 3), ['gateway:f1:BOT_UNHEALTHY:algo'])
    t.strictSame(codes('reconnecting', 3), [])
    t.strictSame(codes('reconnecting', 0, ['BOT_UNHEALTHY:algo']), ['gateway:f1:BOT_UNHEALTHY:algo'])
    const [alert] = gatewayAlerts(judged({ phase: 'ready' }, { bots: [bot] }), noon)
    t.match(alert, { title: 'Bot "algo" is not well: f1 (paper)', message: /"algo" says: no data\./ })
    const well = [{ ...bot, healthy: true, missed: 0 }]
    t.strictSame(gatewayAlerts(judged({ phase: 'ready' }, { bots: well }, ['BOT_UNHEALTHY:algo']), noon), [])
  },
)

t.test('when to look again', async (t) => {
  const again = (from: Partial<GatewayState>, now: number) => alertsChangeAt(judged(from), now)
  t.equal(again(asking, noon), noon + 90_000)
  t.equal(again(asking, noon + 90_000), undefined)
  t.equal(again({ phase: 'reconnecting', ...because('SESSION_LOST') }, noon), noon + minute)
  t.equal(again(lost, noon), noon + 15 * minute)
  t.equal(again(lost, noon + 15 * minute), undefined)
  t.equal(
    again({ ...lost, since: night('05:20') }, night('05:40')),
    night('06:45'),
    'exactly as the window ends',
  )
  const noLogin = { phase: 'backing-off', ...trouble('SERVER_UNAVAILABLE', night('05:20')) } as const
  t.equal(again(noLogin, night('05:40')), night('06:45'))
  t.equal(again({ phase: 'ready' }, noon), undefined)
})

t.test('pushes of the container that runs count', async (t) => {
  const streak = { twofaTimeouts: 1, twofaPushes: 2 } as never
  const seen = look({ login: login('awaiting-2fa', {}, { streak }) })
  t.match(gatewayAlerts(judged(asking, { seen }), noon), [{ level: 'ERROR', message: /request 2 of 3/ }])
})
