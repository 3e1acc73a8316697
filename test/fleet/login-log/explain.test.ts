// Whole logs, from start to end: what explain-log answers for each, and that no cut makes it stumble.
import t from 'tap'
import { explainLog, gatewaysIn } from '../../../src/fleet/login-log/explain.ts'
import { gatewayLogs, type LogName, logText } from '../../fixtures/gateway-logs.ts'

/** Phase, reason, and the causes that appeared before it or in its stead. Status and terminal follow from the phase. */
const expected: Record<LogName, [phase: string, reason: string | null, ...earlier: string[]]> = {
  'nothing at all': ['backing-off', 'STARTUP_TIMEOUT'],
  'only the container': ['backing-off', 'STARTUP_TIMEOUT'],
  'java does not come up': ['backing-off', 'STARTUP_TIMEOUT'],
  'no login dialog yet': ['backing-off', 'STARTUP_TIMEOUT'],
  'paper login': ['connecting', null],
  'login without configuration tasks': ['connecting', null],
  'live login approved': ['connecting', null, 'AWAITING_2FA'],
  'open 2FA request': ['awaiting-2fa', 'AWAITING_2FA'],
  'approved, then silent': ['backing-off', 'LOGIN_STALLED', 'AWAITING_2FA'],
  '2FA timed out, asked again, approved': ['connecting', null, 'AWAITING_2FA', 'TWOFA_TIMEOUT'],
  '2FA timed out, not asked again': ['backing-off', 'TWOFA_TIMEOUT', 'AWAITING_2FA'],
  '2FA timed out three times': ['locked', 'TWOFA_TIMEOUT', 'AWAITING_2FA'],
  '2FA approved, login hangs, container exits': ['backing-off', 'LOGIN_STALLED', 'AWAITING_2FA'],
  '2FA approved, login hangs, asked again': ['awaiting-2fa', 'AWAITING_2FA', 'AWAITING_2FA', 'LOGIN_STALLED'],
  '2FA device not chosen': ['locked', 'TWOFA_DEVICE_REQUIRED', 'AWAITING_2FA'],
  'security code card': ['awaiting-2fa', 'AWAITING_2FA'],
  'wrong password, dialog stays': ['locked', 'CREDENTIALS_REJECTED'],
  'wrong password, cold restart loop': ['locked', 'CREDENTIALS_REJECTED'],
  'wrong password loop, cut in the next login': ['locked', 'CREDENTIALS_REJECTED'],
  'wrong password, then locked out': ['locked', 'LOCKED_OUT', 'CREDENTIALS_REJECTED'],
  'rejected once, then let in': ['connecting', null, 'CREDENTIALS_REJECTED'],
  'password missing': ['backing-off', 'CREDENTIALS_MISSING'],
  'too many attempts, waits, logs in': ['connecting', null, 'LOCKED_OUT'],
  'too many attempts, stays out': ['backing-off', 'LOCKED_OUT'],
  'server unreachable, in the next JVM up': ['connecting', null, 'SERVER_UNAVAILABLE'],
  'server unreachable, loop': ['backing-off', 'SERVER_UNAVAILABLE'],
  'system not available': ['backing-off', 'SERVER_UNAVAILABLE'],
  'system not available, unexplained': ['backing-off', 'SERVER_UNAVAILABLE'],
  'existing session taken over': ['connecting', null, 'EXISTING_SESSION'],
  'existing session lost': ['locked', 'EXISTING_SESSION'],
  'existing session, left to a person': ['locked', 'EXISTING_SESSION'],
  'existing session handed over with 2FA': ['connecting', null, 'EXISTING_SESSION', 'AWAITING_2FA'],
  'handover fails': ['locked', 'EXISTING_SESSION', 'AWAITING_2FA'],
  'running session yields and sticks': ['locked', 'EXISTING_SESSION'],
  'running session reconnects itself': ['connecting', null, 'EXISTING_SESSION'],
  'nightly restart': ['connecting', null, 'PLANNED_RESTART'],
  'nightly restart hangs': ['backing-off', 'LOGIN_STALLED', 'PLANNED_RESTART'],
  'nightly restart, session rejected': ['backing-off', 'SESSION_REJECTED', 'PLANNED_RESTART'],
  'session rejected, fresh login refused too': [
    'locked',
    'CREDENTIALS_REJECTED',
    'PLANNED_RESTART',
    'SESSION_REJECTED',
  ],
  'weekly login after expired tokens': ['connecting', null, 'PLANNED_RESTART', 'LOGIN_ERROR'],
  'weekly login awaits 2FA': ['awaiting-2fa', 'AWAITING_2FA', 'PLANNED_RESTART', 'LOGIN_ERROR'],
  'login error, cold restart, silence': ['backing-off', 'LOGIN_ERROR'],
  'kicked, logs in again': ['connecting', null],
  'kicked, re-login refused': ['backing-off', 'SESSION_REJECTED'],
  'kicked, re-login hangs': ['backing-off', 'LOGIN_STALLED'],
  'auto-logoff': ['backing-off', 'CONTAINER_EXITED'],
  'tidy stop': ['backing-off', 'CONTAINER_EXITED'],
  'stopped by the engine': ['backing-off', 'CONTAINER_EXITED'],
  'stopped, java restarts without a display': ['backing-off', 'CONTAINER_EXITED'],
  'stopped while the password was wrong': ['locked', 'CREDENTIALS_REJECTED'],
  'stopped and started again': ['connecting', null],
  'killed for memory': ['backing-off', 'OUT_OF_MEMORY'],
  'java cannot start': ['locked', 'CONFIG_ERROR'],
  'display lost': ['locked', 'CONFIG_ERROR'],
  'unknown control': ['locked', 'CONFIG_ERROR'],
  'bad setting value': ['locked', 'CONFIG_ERROR'],
  'no login dialog, once': ['locked', 'CONFIG_ERROR'],
  'no login dialog, then up': ['connecting', null, 'CONFIG_ERROR'],
  'trading mode missing': ['locked', 'CONFIG_ERROR'],
  'two password settings': ['locked', 'CONFIG_ERROR'],
  'password file unreadable': ['locked', 'CONFIG_ERROR'],
  'unknown dialog': ['backing-off', 'BLOCKED_BY_DIALOG'],
  'unknown dialog, closed': ['connecting', null],
  'unknown dialog after the login': ['connecting', null],
  'password expires soon': ['backing-off', 'BLOCKED_BY_DIALOG'],
  'disclaimer cannot be dismissed': ['backing-off', 'BLOCKED_BY_DIALOG'],
  'no answer to the login': ['backing-off', 'LOGIN_STALLED'],
  'lost IBKR for a while': ['connecting', null],
  paused: ['backing-off', 'CONTAINER_EXITED'],
  'scheduled cold restart': ['connecting', null, 'PLANNED_RESTART'],
}

for (const [name, [phase, reason, ...earlier]] of Object.entries(expected)) {
  t.test(name, async (t) => {
    const text = logText(name as LogName)
    const found = explainLog(text)
    const failed = phase === 'backing-off' || phase === 'locked'
    t.match(found, { phase, reason, status: failed ? 'FAILED' : 'STARTING', terminal: failed })
    t.same(found.causes, [...new Set(reason === null ? earlier : [...earlier, reason])])
    if (reason === null) t.match(found, { action: null, message: null })
    else t.ok(found.message, 'a reason comes with words')

    const stamped = text.replace(/^/gm, '2026-11-17T10:00:05.123456789Z ').replaceAll('\n', '\r\n')
    t.same(explainLog(stamped), found, 'Docker stamps and CRLF change nothing')
    const composed = stamped.replaceAll('2026-11-17T10:00:05', 'ib_gw-1  | 2026-11-17T10:00:05')
    t.same(explainLog(composed), found, "nor does Docker Compose's prefix")
    t.same(explainLog(text.replace(/^/gm, 'ib_gw-1  | ')), found)
    t.strictSame([...gatewaysIn(composed)], name === 'nothing at all' ? [] : ['ib_gw-1'])
  })
}

t.test('a rejected session is told apart from a wrong password by what was tried last', async (t) => {
  t.match(explainLog(logText('nightly restart, session rejected')).message, /password is not the cause/)
})

t.test('what is particular to the case is in the words', async (t) => {
  t.match(explainLog(logText('unknown dialog')).message, /"Login Messages"/)
  t.match(
    explainLog(logText('login error, cold restart, silence')).message,
    /tokens .* expired .* manually enter/,
  )
  t.match(explainLog(logText('unknown control')).message, /"IB API"/)
  t.match(
    explainLog(logText('password file unreadable')).message,
    /\/run\/secrets\/password: Permission denied/,
  )
})

t.test('what no gateway printed is no log of one', async (t) => {
  const others = {
    'no byte': '',
    'empty lines': '\n\r\n  \n',
    prose: 'The gateway said Login failed.\nError: I do not know why.\n',
    'random bytes': '\u0000\ufffd\u001bX|\u0007\n\ufffd',
    'a table': 'name | Login failed\nIBC | version: 3.24.1',
    "another container's": 'manager-1  | {"level":30,"msg":"Login has completed"}',
  }
  for (const [what, text] of Object.entries(others)) t.equal(gatewaysIn(text).size, 0, what)
})

t.test('the gateways of a log of several containers', async (t) => {
  const line = '2026-11-20 10:00:00:000 IBC: Login failed'
  const text = `manager-1  | {"level":30}\ngw-1       | ${line}\ngw-2       | ${line}\ngw-1       | ${line}\n`
  t.strictSame([...gatewaysIn(text)], ['gw-1', 'gw-2'])
  t.strictSame([...gatewaysIn(line)], [''])
})

t.test('a log without its beginning: settings are applied after a login', async (t) => {
  const fragment = '2026-11-16 08:00:11:237 IBC: Configuration tasks completed'
  t.match(explainLog(fragment), { phase: 'connecting', reason: null, terminal: false })
})

t.test('wherever a log is cut, the answer is whole', async (t) => {
  for (const [name, lines] of Object.entries(gatewayLogs)) {
    for (let end = 0; end <= lines.length; end++) {
      const found = explainLog(lines.slice(0, end).join('\n'))
      const failed = found.phase === 'backing-off' || found.phase === 'locked'
      const whole =
        found.terminal === failed &&
        (found.status === 'FAILED') === failed &&
        (found.reason === null || found.causes.includes(found.reason)) &&
        new Set(found.causes).size === found.causes.length
      if (!whole) t.fail(`${name}, cut after line ${end}`, { found })
    }
  }
})
