// Live gateways: what silence means as time passes, and when to look again.
import t from 'tap'
import { endLogin } from '../../../src/fleet/login-log/exits.ts'
import { advanceLogin } from '../../../src/fleet/login-log/login-stage.ts'
import { newLogin } from '../../../src/fleet/login-log/progress.ts'
import { loginVerdict } from '../../../src/fleet/login-log/verdict.ts'
import { gatewayLogs, type LogName } from '../../fixtures/gateway-logs.ts'

const start = 1_700_000_000_000
const options = { twofaTimeoutMs: 180_000 }
const folded = (name: LogName) =>
  gatewayLogs[name].reduce((p, line) => advanceLogin(p, line, start), newLogin(start))
const upTo = (name: LogName, text: string) => {
  const lines = gatewayLogs[name]
  const end = lines.findIndex((line) => line.endsWith(text))
  return lines.slice(0, end + 1).reduce((p, line) => advanceLogin(p, line, start), newLogin(start))
}

const waits: Array<
  [name: string, p: ReturnType<typeof newLogin>, before: string, seconds: number, code: string]
> = [
  ['a container that says nothing', newLogin(start), 'booting', 60, 'STARTUP_TIMEOUT'],
  ['an unfilled password', folded('password missing'), 'booting', 10, 'CREDENTIALS_MISSING'],
  ['a submitted login', folded('no answer to the login'), 'logging-in', 90, 'LOGIN_STALLED'],
  ['an open 2FA request', folded('open 2FA request'), 'awaiting-2fa', 200, 'TWOFA_TIMEOUT'],
  ['an answered 2FA request', folded('approved, then silent'), 'logging-in', 60, 'LOGIN_STALLED'],
  ['an unknown dialog', folded('unknown dialog'), 'logging-in', 20, 'BLOCKED_BY_DIALOG'],
  ['a planned restart', folded('nightly restart hangs'), 'restarting', 120, 'LOGIN_STALLED'],
  ['a session taken up again', folded('kicked, re-login hangs'), 'logging-in', 60, 'LOGIN_STALLED'],
  ['a lockout of 53 s', folded('too many attempts, stays out'), 'logging-in', 83, 'LOCKED_OUT'],
  [
    'a shutdown of its own',
    upTo('auto-logoff', 'Shutdown progress; event=Opened'),
    'stopping',
    60,
    'CONTAINER_EXITED',
  ],
]

for (const [name, p, before, seconds, code] of waits) {
  t.test(`${name} has ${seconds} s`, async (t) => {
    const due = start + seconds * 1000
    t.match(loginVerdict(p, due - 1, options), { phase: before, terminal: false, nextCheckAt: due })
    t.match(loginVerdict(p, due, options), { terminal: true, reason: { code } })
  })
}

t.test('a wait for the API is no deadline of the log', async (t) => {
  const verdict = loginVerdict(folded('paper login'), start + 86_400_000, options)
  t.match(verdict, { phase: 'connecting', terminal: false })
  t.notOk('nextCheckAt' in verdict || 'reason' in verdict)
})

t.test('2FA: each push has its own deadline, and the last one locks', async (t) => {
  const first = folded('open 2FA request')
  t.equal(loginVerdict(first, start, options).deadline, start + 200_000)
  const lines = gatewayLogs['2FA timed out, asked again, approved']
  const secondPush = lines.findLastIndex((line) => line.endsWith('Second Factor Authentication initiated'))
  const again = lines
    .slice(0, secondPush + 1)
    .reduce((p, line, i) => advanceLogin(p, line, start + i * 1000), newLogin(start))
  const { deadline } = loginVerdict(again, start, options)
  t.equal(deadline, start + (secondPush - 1) * 1000 + 200_000, 'counted from the second request')

  const spent = folded('2FA timed out three times')
  t.match(loginVerdict(spent, start, options), {
    phase: 'locked',
    reason: { code: 'TWOFA_TIMEOUT' },
    terminal: true,
  })
  t.match(loginVerdict(spent, start, { ...options, twofaMaxPushes: 4 }), {
    phase: 'awaiting-2fa',
    terminal: false,
  })
  t.match(
    loginVerdict(first, start + 200_000, options),
    { phase: 'backing-off' },
    'a hung request, pushes left',
  )
  t.match(loginVerdict(first, start + 200_000, { ...options, twofaMaxPushes: 1 }), { phase: 'locked' })
})

t.test(
  'a container that ends after a missed push is tried again, one that would not ask again is not',
  async (t) => {
    const missed = endLogin(
      upTo('2FA timed out, asked again, approved', 'timeout in 5 second'),
      { exitCode: 0 },
      start,
    )
    t.match(loginVerdict(missed, start, options), { phase: 'backing-off', reason: { code: 'TWOFA_TIMEOUT' } })
    const parked = endLogin(folded('2FA timed out, not asked again'), { exitCode: 137 }, start)
    t.match(loginVerdict(parked, start, options), { phase: 'backing-off', reason: { code: 'TWOFA_TIMEOUT' } })
  },
)

t.test('a lockout locks only after a rejected login', async (t) => {
  t.match(loginVerdict(folded('wrong password, then locked out'), start, options), { phase: 'locked' })
  t.match(loginVerdict(folded('too many attempts, stays out'), start + 3_600_000, options), {
    phase: 'backing-off',
  })
})

t.test('a stalled login names the dialog that is open', async (t) => {
  const p = advanceLogin(
    folded('no answer to the login'),
    '2026-11-17 10:00:06:123 IBC: detected dialog entitled: Trading Login Handoff; event=Opened',
    start,
  )
  t.match(loginVerdict(p, start + 90_000, options).reason, {
    code: 'LOGIN_STALLED',
    detail: /"Trading Login Handoff"/,
  })
})

t.test('the end of a container keeps its cause; the engine fills in what the log lacks', async (t) => {
  const ends: Array<[LogName, Parameters<typeof endLogin>[1], string]> = [
    ['wrong password, dialog stays', { exitCode: 137 }, 'CREDENTIALS_REJECTED'],
    ['paper login', { exitCode: 137 }, 'CONTAINER_EXITED'],
    ['paper login', { exitCode: 137, oomKilled: true }, 'OUT_OF_MEMORY'],
    ['paper login', { exitCode: 0 }, 'CONTAINER_EXITED'],
    ['paper login', { exitCode: 81 }, 'CONFIG_ERROR'],
    ['open 2FA request', { exitCode: 0 }, 'CONTAINER_EXITED'],
    ['nightly restart hangs', {}, 'CONTAINER_EXITED'],
    ['only the container', { exitCode: 3 }, 'CONFIG_ERROR'],
    ['only the container', { exitCode: 1 }, 'CONFIG_ERROR'],
    ['stopped by the engine', { exitCode: 143 }, 'CONTAINER_EXITED'],
    ['server unreachable, loop', { exitCode: 137 }, 'SERVER_UNAVAILABLE'],
    ['handover fails', { exitCode: 86 }, 'EXISTING_SESSION'],
  ]
  for (const [name, exit, code] of ends) {
    const p = endLogin(folded(name), exit, start)
    t.match(p, { stage: 'ended', terminal: true, reason: { code } }, `${name}, ${JSON.stringify(exit)}`)
    t.equal(endLogin(p, { exitCode: 1 }, start), p, 'ended once')
  }
})
