// Log lines as operators see them: no secret, no terminal trick, no endless line, and everything else as it was.
import fc from 'fast-check'
import t from 'tap'
import { scrubLine, shownLineLimit } from '../../../src/fleet/login-log/scrub.ts'

const masked: Array<[line: string, shown: string]> = [
  ['-DjxBrowserKey=ABC.def-1 -Xmx768m', '-DjxBrowserKey=*** -Xmx768m'],
  ['"java" -DjxBrowserKey="A B" x', '"java" -DjxBrowserKey=*** x'],
  ['jxbrowser.license.key = 6P835FT5HAPTB03TPIEFPGU5ECGJN8GMGDD79MD7Y5', 'jxbrowser.license.key = ***'],
  ['    IbPassword=pass word with blanks', '    IbPassword=***'],
  ['    FIXPassword = x', '    FIXPassword = ***'],
  ['TWS_PASSWORD=s3cret TWS_USERID=jane', 'TWS_PASSWORD=***'],
  ['env TWS_PASSWORD=s3cret TWS_USERID=jane', 'env TWS_PASSWORD=*** TWS_USERID=jane'],
  ['env TWS_PASSWORD_PAPER=s3cret x', 'env TWS_PASSWORD_PAPER=*** x'],
  ['set TWS_PASSWORD=s\\i"m\'#=é€ x', 'set TWS_PASSWORD=*** x'],
  ['SSH_PASSPHRASE=a b', 'SSH_PASSPHRASE=***'],
  ['--pw = hunter2', '--pw = ***'],
  ['x11vnc -display :1 -passwd hunter2 -forever', 'x11vnc -display :1 -passwd *** -forever'],
  ['{"user":"jane","password":"a\\"b","x":1}', '{"user":"jane","password":"***","x":1}'],
  ['\u001b[31mred\u001b[0m \u001b]0;title\u0007plain\u009b2J', 'red plain'],
  ['safe\u202egnp.exe\u0000\u0008', 'safegnp.exe'],
]
const untouched = [
  'detected dialog entitled: Unrecognized Username or Password; event=Opened',
  '2026-11-17 10:00:05:123 IBC: Setting password',
  'error: both TWS_PASSWORD and TWS_PASSWORD_FILE are set (but are exclusive)',
  '/home/ibgateway/scripts/common.sh: line 57: /run/secrets/tws_password: No such file or directory',
  'env TWS_PASSWORD_FILE=/run/secrets/tws_password x',
  '    DismissPasswordExpiryWarning=no',
  '    IbPassword=',
  '--pw =',
  '.>\t\tVersion: 10.45.1j',
  'detected dialog entitled: DU1234567 Trader Workstation Configuration (Simulated Trading); event=Opened',
  'naïve 日本語 😘',
]

for (const [line, shown] of masked) {
  t.test(JSON.stringify(line), async (t) => {
    t.equal(scrubLine(line), shown)
    t.equal(scrubLine(shown), shown, 'twice is once')
  })
}
for (const line of untouched) t.test(line, async (t) => t.equal(scrubLine(line), line))

t.test('a long line is cut and says by how much', async (t) => {
  const shown = scrubLine(`${'x'.repeat(shownLineLimit)}-DjxBrowserKey=SECRET`)
  t.match(shown, /x … \[21 more characters\]$/)
  t.notMatch(shown, 'SECRET')
})

t.test('no password gets through, whatever surrounds it', async () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9!#$%&*+/:;<>?@^_~"'=-]{8,30}$/)
  const name = fc.constantFrom(
    'IbPassword',
    'TWS_PASSWORD',
    '-DjxBrowserKey',
    'VNC_SERVER_PASSWORD',
    'my.secret',
  )
  const around = fc.string({ maxLength: 40 })
  fc.assert(
    fc.property(around, name, secret, around, (before, key, value, after) => {
      // What is said beside it is not the password, even where it happens to end like it.
      fc.pre(!`${before} ${key}= ${after}`.includes(value.slice(-6)))
      const shown = scrubLine(`${before} ${key}=${value} ${after}`)
      return !shown.includes(value.slice(-6)) && [...shown].every((char) => char === '\t' || char >= ' ')
    }),
    { numRuns: 500 },
  )
})

t.test('a megabyte of anything takes no time', async (t) => {
  const startedAt = performance.now()
  for (const unit of ['x', '\u001b[', 'password=', '"password":"', '-pw ', ' ', '\u001b]0;']) {
    scrubLine(unit.repeat(Math.ceil(1_000_000 / unit.length)))
  }
  t.ok(performance.now() - startedAt < 1_000)
})
