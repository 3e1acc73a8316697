import t from 'tap'
import { bounded, lineLimit, partsOf, shownLength, shownLine } from '../../../web/src/gateway/log-lines.ts'

const ibc = (text: string) => `2026-01-05 09:30:00:123 IBC: ${text}`

t.test('the stages of a login stand out', async (t) => {
  for (const [line, tone, mark] of [
    [ibc('Login attempt: 1'), 'stage', 'login'],
    [ibc('Second Factor Authentication initiated'), 'waiting', '2FA'],
    [ibc('Login has completed'), 'good', 'logged in'],
    [ibc('detected dialog entitled: Unrecognized Username or Password; event=Opened'), 'bad', 'rejected'],
    ['java.lang.OutOfMemoryError: Exception in thread main', 'bad', undefined],
    [ibc('Click button: Paper Log In'), 'plain', undefined],
    ['.> Xvfb socket ready!', 'plain', undefined],
  ] as const) {
    t.match(shownLine(1, line), { tone, text: line }, line)
    t.equal(shownLine(1, line).mark, mark, line)
  }
})

t.test('escape codes and other tricks are not shown', async (t) => {
  t.equal(shownLine(1, '\u001b[31mred\u001b[0m\u202eback\u0007').text, 'redback')
})

t.test('a line of a megabyte is cut, and says so', async (t) => {
  const { text } = shownLine(1, 'x'.repeat(1_000_000))
  t.equal(text, `${'x'.repeat(shownLength)} … [${1_000_000 - shownLength} more characters]`)
  t.notMatch(shownLine(1, `${'x'.repeat(shownLength - 1)}😀`).text, /[\ud800-\udfff]/, 'no half character')
})

t.test("IBC's stamp is apart from what it says", async (t) => {
  t.strictSame(partsOf(ibc('Login has completed')), {
    stamp: '2026-01-05 09:30:00:123 IBC: ',
    rest: 'Login has completed',
  })
  t.strictSame(partsOf('plain'), { stamp: '', rest: 'plain' })
})

t.test('only the last lines are kept', async (t) => {
  const lines = Array.from({ length: lineLimit + 3 }, (_, i) => i)
  t.equal(bounded(lines).length, lineLimit)
  t.equal(bounded(lines)[0], 3)
})
