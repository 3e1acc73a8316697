// Single lines: which sign each gives, and which lines give none.
import t from 'tap'
import { classifyLogLine } from '../../../src/fleet/login-log/classify.ts'
import { readLineLimit } from '../../../src/fleet/login-log/line.ts'

const ibc = (text: string) => `2026-11-17 10:00:05:123 IBC: ${text}`

const signs: Array<[line: string, sign: object | null]> = [
  ['.> Starting IBC/IB gateway', { kind: 'container-starting' }],
  ['Starting Gateway with this command:', { kind: 'jvm-starting' }],
  [
    'Error: Timed out waiting for Xvfb socket!',
    { kind: 'startup-fault', detail: 'Timed out waiting for Xvfb socket!' },
  ],
  ['IBC returned exit status 137', { kind: 'ibc-exited', status: 137 }],
  [
    'autorestart file found at /x/autorestart: authentication will not be required',
    { kind: 'auth-mode', mode: 'token' },
  ],
  ['Gateway finished', { kind: 'finished' }],
  [ibc('Login has completed'), { kind: 'logged-in' }],
  [ibc('Login has completed: exiting via [File, Close] menu'), { kind: 'shutting-down' }],
  [ibc('Login attempt: 12'), { kind: 'credentials-submitted' }],
  [
    ibc('If login has not completed, IBC will exit in 60 seconds'),
    { kind: 'twofa-answered', exitInMs: 60_000 },
  ],
  [ibc("could not find second factor device 'IB Key' in the list"), { kind: 'twofa-device-required' }],
  [
    ibc(
      'Too many failed login attempts. Please wait 4 minutes & 47 seconds before attempting to re-login again.',
    ),
    { kind: 'locked-out', waitMs: 287_000 },
  ],
  [
    ibc('Too many failed login attempts. Please wait 1 minute before'),
    { kind: 'locked-out', waitMs: 60_000 },
  ],
  [ibc('Trading Login Handoff dialog; {}'), { kind: 'existing-session-takeover' }],
  [ibc('Trading Login Handoff dialog; error'), { kind: 'existing-session-error' }],
  [
    ibc(
      'detected dialog entitled: DU1234567 Trader Workstation Configuration (Simulated Trading); event=Opened',
    ),
    { kind: 'account', account: 'DU1234567', simulated: true },
  ],
  [
    ibc('detected dialog entitled: U7654321 Trader Workstation Configuration; event=Opened'),
    { kind: 'account', account: 'U7654321', simulated: false },
  ],
  [ibc('detected dialog entitled: Trader Workstation Configuration; event=Opened'), { kind: 'window' }],
  [ibc('Detected dialog entitled: Second Factor Authentication; event=Opened'), { kind: 'awaiting-2fa' }],
  [ibc('detected dialog entitled: Second Factor Authentication; event=Closed'), { kind: 'twofa-closed' }],
  [
    ibc('detected frame entitled: What; event=Opened is this; event=Closed'),
    { kind: 'window', window: { shape: 'frame', title: 'What; event=Opened is this', event: 'closed' } },
  ],
  [ibc('Gateway will be cold restarted at 07:05'), { kind: 'planned-stop', what: 'restart', when: '07:05' }],

  [ibc('detected dialog entitled: Second Factor Authentication; event=Focused'), null],
  [ibc('detected window: type=javax.swing.SwingUtilities$SharedOwnerFrame; event=Closed'), null],
  [ibc('Starting Gateway'), null],
  ['Login has completed', null],
  ['remove Client 7', null],
  ['    IbPassword=***', null],
  ['2026/11/17 10:00:02 socat[61] E connect(5, AF=2 127.0.0.1:4002, 16): Connection refused', null],
  ['', null],
]

for (const [line, sign] of signs) {
  t.test(line || 'an empty line', async (t) => {
    const found = classifyLogLine(line)
    if (sign === null) t.equal(found, null)
    else t.match(found, sign)
    t.same(classifyLogLine(`2026-11-17T10:00:05.123456789Z ${line}`), found, 'with a Docker stamp')
    t.same(classifyLogLine(`2026-11-17T11:00:05+01:00 ${line}\r`), found, 'with a zone and a carriage return')
  })
}

t.test('a line beyond the limit is not read', async (t) => {
  const line = ibc(`detected dialog entitled: ${'x'.repeat(readLineLimit)}; event=Opened`)
  t.equal(classifyLogLine(line), null)
})
