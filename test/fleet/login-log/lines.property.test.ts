// Arbitrary lines of a log: nothing is thrown, nothing is gathered without end, and the work grows with the length of the log.
import fc from 'fast-check'
import t from 'tap'
import { classifyLogLine } from '../../../src/fleet/login-log/classify.ts'
import { explainLog } from '../../../src/fleet/login-log/explain.ts'
import { readLineLimit } from '../../../src/fleet/login-log/line.ts'
import { advanceLogin } from '../../../src/fleet/login-log/login-stage.ts'
import { newLogin } from '../../../src/fleet/login-log/progress.ts'
import { logRules } from '../../../src/fleet/login-log/rules.ts'
import { scrubLine } from '../../../src/fleet/login-log/scrub.ts'
import { gatewayLogs } from '../../fixtures/gateway-logs.ts'
import { runs } from '../../fuzz/runs.ts'

const stamp = '2026-11-20 09:30:00:123 IBC: '
/** What the rules look for, as text: a pattern's own letters come close enough to all its branches. */
const hints = logRules.flatMap(
  ({ pattern }) => pattern.source.replace(/\\[dswS]\+?|[\^$()?:\\|]/g, ' ').match(/[A-Za-z .]{4,}/g) ?? [],
)
const part = fc.oneof(
  fc.constantFrom(...hints),
  fc.constantFrom(
    ...[
      stamp,
      '2026-11-20T14:30:00.123456789Z ',
      'detected dialog entitled: ',
      '; event=Opened',
      '; event=Closed',
    ],
    ...[
      'Login failed',
      'Login attempt: 1',
      '(scenario 1)',
      '99999',
      '\u001b[31m',
      '\u001b]0;x\u0007',
      '\r',
      '\ufeff',
      '\0',
    ],
    ...['IbPassword=hunter2', ' ', '\t', '\u202e', '\ud800'],
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
)
const oddLine = fc.array(part, { maxLength: 6 }).map((parts) => parts.join('').replaceAll('\n', ' '))
const trueLine = fc.constantFrom(...new Set(Object.values(gatewayLogs).flat()))
/** A true line with something in it that no gateway printed there. */
const bentLine = fc
  .tuple(trueLine, part, fc.nat(200), fc.nat(20))
  .map(([text, odd, at, drop]) => text.slice(0, at) + odd + text.slice(at + drop))
const line = fc.oneof({ weight: 2, arbitrary: trueLine }, { weight: 2, arbitrary: bentLine }, oddLine)

t.test('any line is classified, shown and folded, and nothing is thrown', async (t) => {
  const found = new Set<string>()
  fc.assert(
    fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
      let progress = newLogin(0)
      for (const [at, text] of lines.entries()) {
        found.add(classifyLogLine(text)?.kind ?? 'nothing')
        scrubLine(text)
        progress = advanceLogin(progress, text, at)
      }
      const { message, action } = explainLog(lines.join('\n'))
      return JSON.stringify(progress).length < 100_000 && typeof (message ?? action ?? '') === 'string'
    }),
    runs(300),
  )
  t.ok(found.size > 10, `${found.size} kinds of sign were met`)
})

t.test('a log without end leaves no more behind than a short one', async (t) => {
  const endless: Record<string, (at: number) => string> = {
    'windows that nobody closes': (at) => `${stamp}detected dialog entitled: Notice ${at}; event=Opened`,
    'login errors': (at) => `${stamp}Login error message: ${at}`,
    'text of an error': (at) => (at === 0 ? `${stamp}Login error message:` : `more and more ${at}`),
    'cold restarts': (at) => (at % 2 ? 'IBC will cold-restart shortly' : `${stamp}Cold restart in progress`),
    rejections: (at) => (at % 2 ? `${stamp}Login failed` : `${stamp}Login attempt: ${at}`),
    'lines of the longest kind': () => `${stamp}${'x'.repeat(readLineLimit - stamp.length)}`,
  }
  for (const [what, lineAt] of Object.entries(endless)) {
    let progress = newLogin(0)
    for (let at = 0; at < 5_000; at++) progress = advanceLogin(progress, lineAt(at), at)
    t.ok(JSON.stringify(progress).length < 20_000, what)
  }
})

/** How long it takes, at best of three. */
function bestMs(work: () => void): number {
  return Math.min(
    ...[1, 2, 3].map(() => {
      const startedMs = performance.now()
      work()
      return performance.now() - startedMs
    }),
  )
}

t.test(
  'no line makes a rule look at it again and again: sixteen times as long is not a hundred times as slow',
  async (t) => {
    const units = [
      ...new Set([
        ...hints.map((hint) => hint.slice(0, 12)),
        'a',
        ' ',
        ':',
        '(',
        'x=',
        '/a',
        '& ',
        stamp,
        '; event=',
      ]),
      ...[
        'detected dialog entitled: ',
        'password=',
        '"password":"\\',
        '-pw ',
        '\u001b]',
        '\u001b[0;',
        'minutes & ',
      ],
    ]
    const beginnings = [
      '',
      stamp,
      `${stamp}detected dialog entitled: `,
      `${stamp}Too many failed login attempts. Please wait `,
    ]
    const lines = (length: number) =>
      beginnings.flatMap((begin) => units.map((unit) => (begin + unit.repeat(length)).slice(0, length)))
    const [short, long] = [lines(readLineLimit / 16), lines(readLineLimit)]
    const read = (those: readonly string[]) => () => {
      for (const text of those) classifyLogLine(text)
    }
    read(long)()
    const [shortMs, longMs] = [bestMs(read(short)), bestMs(read(long))]
    t.ok(longMs < 100 * shortMs + 100, `${shortMs.toFixed(1)} ms, then ${longMs.toFixed(1)} ms`)
  },
)

t.test('a line of a megabyte says nothing and costs nothing', async (t) => {
  for (const unit of ['x', '\u001b[', 'detected dialog entitled: ', 'Error: ', stamp]) {
    const text = (stamp + unit.repeat(1_000_000)).slice(0, 1_000_000)
    t.equal(classifyLogLine(text), null)
    t.ok(scrubLine(text).length < 20_000)
  }
})
