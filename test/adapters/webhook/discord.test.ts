// Alerts as Discord messages: the form, whom they call, and their limit.
import fc from 'fast-check'
import t from 'tap'
import { createDiscordSink } from '../../../src/adapters/webhook/discord.ts'
import { discordMessage } from '../../../src/adapters/webhook/discord-message.ts'
import { FakeClock } from '../../fake-clock.ts'
import { alert, receiver } from './receiver.ts'

const signal = new AbortController().signal
const content = (changes: object, change: 'raised' | 'resolved' = 'raised') =>
  discordMessage(alert(changes), change).content

t.test('a critical alert calls everybody who is there', async (t) => {
  const { url, bodies } = await receiver(t)
  await createDiscordSink({ url, clock: new FakeClock() }).deliver(alert(), 'raised', signal)
  t.strictSame(bodies, [
    {
      content: [
        '🚨 **CRITICAL: Gateway startup failed after all retries**',
        'Bot could not connect to Gateway after 30 attempts (5 minutes).',
        '**Action Required:** Check Gateway container logs and IBKR authentication.',
        '*Timestamp: 2026-02-10T09:15:00-05:00*',
        '@here',
      ].join('\n\n'),
      allowed_mentions: { parse: ['everyone'] },
    },
  ])
})

t.test('the other levels call nobody', async (t) => {
  const emojis = { INFO: '✅', WARNING: '⚠️', ERROR: '🔴', OTHER: 'ℹ️' }
  for (const [level, emoji] of Object.entries(emojis)) {
    const message = discordMessage(alert({ level: level as 'INFO' }), 'raised')
    t.ok(message.content.startsWith(`${emoji} **${level}: Gateway`), message.content)
    t.notMatch(message.content, '@here')
    t.strictSame(message.allowed_mentions, { parse: [] })
  }
})

t.test('a resolved alert is good news, at the time when it was resolved', async (t) => {
  const text = content({ resolvedAt: '2026-07-01T12:00:00.000Z' }, 'resolved')
  t.match(text, /^✅ \*\*INFO: Resolved: Gateway startup failed/)
  t.match(text, '*Timestamp: 2026-07-01T08:00:00-04:00*')
  t.notMatch(text, /Action Required|@here/)
})

t.test('the runbook is linked where the action is, or else below the text', async (t) => {
  const runbook = 'http://127.0.0.1:8080/runbook#CRASH_LOOP'
  t.match(content({ runbook }), `IBKR authentication.\nRunbook: <${runbook}>\n\n*Timestamp`)
  const { action: _, ...rest } = alert({ runbook })
  t.match(discordMessage(rest, 'raised').content, `(5 minutes).\nRunbook: <${runbook}>\n\n*Timestamp`)
  t.notMatch(content({ runbook }, 'resolved'), 'Runbook')
  t.ok(content({ runbook, message: 'x'.repeat(5_000) }).includes(`<${runbook}>`))
})

t.test('a reminder says for how long, and how to end it', async (t) => {
  const since = { raisedAt: '2026-02-10T12:10:00.000Z', lastRaisedAt: '2026-02-10T14:15:00.000Z' }
  const { content: text } = discordMessage(alert(since), 'reminded')
  t.match(text, /^🚨 \*\*CRITICAL: Still open: Gateway startup failed/)
  t.match(text, 'For 2 h 5 min nobody has acknowledged this: `npx ibgm alerts ack a1` ends these reminders.')
  t.match(text, '*Timestamp: 2026-02-10T09:15:00-05:00*')
})

t.test('what is over says for how long it was open', async (t) => {
  const over = content({ resolvedAt: '2026-02-10T14:15:40.000Z' }, 'resolved')
  t.match(over, 'This was open for 40 s: Bot could not connect')
})

t.test('without an action none is asked for', async (t) => {
  const { action: _, ...rest } = alert()
  t.notMatch(discordMessage(rest, 'raised').content, 'Action Required')
})

t.test('words from elsewhere call nobody, and stay what they are otherwise', async (t) => {
  const nasty = 'a@b.c @everyone @here @HERE <@123> <@&4> <#5> x<y\u0000'
  const text = content({ level: 'CRITICAL', title: nasty, message: nasty, action: nasty })
  t.equal(text.match(/@here/gi)?.length, 1, 'our own')
  t.notMatch(text, /@everyone|<@|<#/i)
  t.match(text, 'a@b.c')
  t.match(text, 'x<y')
})

const halfCharacter = /\p{Cs}/u

t.test('any words make a message of at most 2,000 characters with head, time and call', async () => {
  const words = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary', maxLength: 6000 }),
    fc.constant('🚨'.repeat(3000)),
  )
  fc.assert(
    fc.property(words, words, words, (title, message, action) => {
      const text = content({ title, message, action })
      const isWhole = !halfCharacter.test(text) || halfCharacter.test(`${title}${message}${action}`)
      return (
        text.length <= 2000 &&
        text.startsWith('🚨 **CRITICAL: ') &&
        text.endsWith('-05:00*\n\n@here') &&
        isWhole
      )
    }),
  )
})
