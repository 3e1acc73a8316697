// The fold: what a line changes, what survives a new JVM, and that no input upsets it.
import fc from 'fast-check'
import t from 'tap'
import { advanceLogin } from '../../../src/fleet/login-log/login-stage.ts'
import { type LoginProgress, newLogin } from '../../../src/fleet/login-log/progress.ts'
import { loginVerdict } from '../../../src/fleet/login-log/verdict.ts'
import { gatewayLogs, type LogName } from '../../fixtures/gateway-logs.ts'

const ibc = (text: string) => `2026-11-17 10:00:05:123 IBC: ${text}`
const dialog = (title: string, event = 'Opened') => ibc(`detected dialog entitled: ${title}; event=${event}`)
const fold = (lines: readonly string[], from = newLogin(0), at = 1_000) =>
  lines.reduce((progress, line) => advanceLogin(progress, line, at), from)
const folded = (name: LogName) => fold(gatewayLogs[name])

t.test('a completed login knows account, mode and settings, and forgives what came before', async (t) => {
  t.match(folded('too many attempts, waits, logs in'), {
    stage: 'logged-in',
    loggedIn: true,
    configured: true,
    account: 'DU1234567',
    simulated: true,
    readOnlyApi: false,
    loginAttempts: 2,
    completedLogins: 1,
    lockouts: 1,
    terminal: false,
    openDialogs: [],
    streak: { rejectedLogins: 0 },
  })
})

t.test('a new JVM begins anew but keeps its counters', async (t) => {
  const p = folded('wrong password loop, cut in the next login')
  t.match(p, {
    jvmStarts: 2,
    loginAttempts: 1,
    rejectedLogins: 1,
    coldRestarts: 1,
    terminal: true,
    openDialogs: [],
  })
})

t.test('one 2FA request is one push, however many lines announce it', async (t) => {
  t.equal(folded('open 2FA request').twofaPushes, 1)
  t.match(folded('2FA timed out three times'), { twofaPushes: 3, twofaTimeouts: 3 })
  const listFirst = fold(
    [dialog('Second Factor Authentication', 'Closed'), dialog('Second Factor Authentication')],
    folded('open 2FA request'),
  )
  t.match(listFirst, { stage: 'awaiting-2fa', twofaPushes: 1 })
})

t.test('the message of a login error is on the lines that follow it', async (t) => {
  const p = fold([
    ibc('Login error message:'),
    'First line.',
    'remove Client 3',
    '',
    ibc('anything'),
    'Not part of it.',
  ])
  t.match(p.reason, { code: 'LOGIN_ERROR', detail: 'First line. remove Client 3' })
})

t.test('login errors and missing login dialogs in a row become terminal', async (t) => {
  const error = [
    ibc('Login error message:'),
    'No.',
    'IBC will cold-restart shortly',
    'Starting Gateway with this command:',
  ]
  t.equal(fold([...error, ...error]).terminal, false)
  t.match(fold([...error, ...error, ...error]), { terminal: true, reason: { code: 'LOGIN_ERROR' } })
  const missing = ibc('IBC closing after TWS/Gateway failed to display login dialog')
  t.equal(fold([missing, missing]).terminal, false)
  t.match(fold([missing, missing, missing]), { terminal: true, reason: { code: 'CONFIG_ERROR' } })
})

t.test('a rejected login stays the reason until the login gets further', async (t) => {
  const rejected = folded('wrong password, dialog stays')
  const after = fold([ibc('Login error message:'), 'Try again later.'], rejected)
  t.match(after, {
    terminal: true,
    reason: { code: 'CREDENTIALS_REJECTED' },
    causes: ['CREDENTIALS_REJECTED', 'LOGIN_ERROR'],
  })
  t.notMatch(after.reason?.detail, /later/)
  t.match(fold([dialog('Second Factor Authentication')], rejected), {
    terminal: false,
    reason: { code: 'AWAITING_2FA' },
  })
})

t.test('cold restarts are a loop only when they come close together', async (t) => {
  const restart = ['IBC will cold-restart shortly', 'Starting Gateway with this command:']
  t.match(fold([...restart, ...restart, ...restart, ...restart]), {
    terminal: true,
    reason: { code: 'LOGIN_STALLED' },
  })
  let slow = newLogin(0)
  for (let i = 0; i < 20; i++) slow = fold(restart, slow, i * 300_000)
  t.match(slow, { terminal: false, coldRestarts: 20 })
})

t.test('after a stop only a new run of the container counts', async (t) => {
  const stopped = fold(['.> 😘 Received SIGINT or SIGTERM. Shutting down IB Gateway.'], folded('paper login'))
  t.equal(fold(gatewayLogs['wrong password, dialog stays'].slice(6), stopped), stopped)
  const again = fold(gatewayLogs['paper login'], stopped)
  t.match(again, { stage: 'logged-in', completedLogins: 2, loginAttempts: 2, jvmStarts: 2 })
})

t.test('open dialogs are known by title until they close', async (t) => {
  const two = fold([dialog('Login Messages'), dialog('Second Notice')])
  t.same(
    two.openDialogs.map(({ title }) => title),
    ['Login Messages', 'Second Notice'],
  )
  t.match(fold([dialog('LOGIN MESSAGES', 'Closed')], two).openDialogs, [{ title: 'Second Notice' }])
  t.equal(fold(Array.from({ length: 500 }, (_, i) => dialog(`Notice ${i}`))).openDialogs.length, 32)
})

t.test('conditions that stop nothing are remembered', async (t) => {
  t.match(
    fold(
      [
        dialog('API client needs write access action confirmation'),
        ibc('detected frame entitled: Password Notice; event=Opened'),
        ibc('Auto restart time setting must be hh:mm AM or hh:mm PM'),
        ibc('detected frame entitled: Connecting to server...; event=Opened'),
      ],
      folded('paper login'),
    ),
    {
      readOnlyBlock: true,
      passwordNotice: true,
      configWarning: /hh:mm/,
      upstreamReconnecting: true,
      stage: 'logged-in',
    },
  )
})

t.test('a line that says nothing leaves the very same value', async (t) => {
  const p = folded('paper login')
  for (const line of ['', 'noise', ibc('Click button: OK'), 'x'.repeat(1_000_000)]) {
    t.equal(advanceLogin(p, line, 2_000), p)
  }
})

const counters = [
  'loginAttempts',
  'rejectedLogins',
  'completedLogins',
  'twofaPushes',
  'twofaTimeouts',
  'jvmStarts',
  'loginErrors',
  'lockouts',
  'coldRestarts',
] as const satisfies ReadonlyArray<keyof LoginProgress>

const known = [...new Set(Object.values(gatewayLogs).flat())]
const anyLine = fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...known) }, fc.string({ unit: 'binary' }))

t.test(
  'any lines in any order: no throw, no counter falls, causes only grow, the verdict is whole',
  async () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyLine, fc.nat(300_000)), { maxLength: 60 }), (steps) => {
        let now = 0
        let p = newLogin(now)
        for (const [line, laterMs] of steps) {
          now += laterMs
          const next = advanceLogin(p, line, now)
          if (counters.some((name) => next[name] < p[name])) return false
          if (p.causes.some((code, i) => next.causes[i] !== code)) return false
          const {
            phase,
            terminal,
            reason,
            nextCheckAt = Infinity,
          } = loginVerdict(next, now, { twofaTimeoutMs: 180_000 })
          if (terminal !== (phase === 'backing-off' || phase === 'locked')) return false
          if (terminal ? reason === undefined : nextCheckAt <= now) return false
          p = next
        }
        return true
      }),
      { numRuns: 300 },
    )
  },
)

t.test('100,000 lines take less than a second, and so does garbage', async (t) => {
  const day = Object.values(gatewayLogs).flat()
  const garbage = [
    '('.repeat(4_000),
    `${ibc('detected dialog entitled: ')}${'; event='.repeat(500)}`,
    'x'.repeat(1_000_000),
  ]
  const startedAt = performance.now()
  let p = newLogin(0)
  for (let i = 0; i < 100_000; i++) p = advanceLogin(p, day[i % day.length] ?? '', i)
  const forLines = performance.now() - startedAt
  for (let i = 0; i < 1_000; i++) p = advanceLogin(p, garbage[i % garbage.length] ?? '', i)
  t.ok(forLines < 1_000, `${Math.round(forLines)} ms for 100,000 lines`)
  t.ok(performance.now() - startedAt - forLines < 1_000, 'garbage is dropped quickly')
})
