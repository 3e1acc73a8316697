// What the bot tells a person: once while the words are the same, never in the bot's way.
import t from 'tap'
import { BotAlerts } from '../../src/bot/bot-alerts.ts'
import type { AlertSink } from '../../src/ports/alerts.ts'
import { FakeClock, settle } from '../fake-clock.ts'
import { silentLog } from './moment.ts'

const notice = {
  level: 'ERROR',
  title: 'Gateway lost',
  text: 'It does not answer.',
  action: 'Look at it.',
} as const

function alerts(deliver: AlertSink['deliver'] = async () => {}) {
  const clock = new FakeClock()
  const told: string[] = []
  const warnings: object[] = []
  const sink: AlertSink = {
    name: 'test',
    async deliver(alert, change, signal) {
      told.push(`${change} ${alert.level} ${alert.title}`)
      await deliver(alert, change, signal)
    },
  }
  const log = { ...silentLog, warn: (fields: object) => void warnings.push(fields) }
  return { clock, told, warnings, bot: new BotAlerts({ sinks: [sink], clock, log }) }
}

t.test('the same words are told once in a while, other words at once', async (t) => {
  const { bot, clock, told } = alerts()
  bot.notify(notice)
  bot.notify(notice)
  bot.notify({ ...notice, text: 'It is back and gone again.' })
  bot.notify({ ...notice, level: 'CRITICAL' })
  t.ok(await bot.flushed(1_000))
  t.strictSame(told, [
    'raised ERROR Gateway lost',
    'raised ERROR Gateway lost',
    'raised CRITICAL Gateway lost',
  ])
  await clock.advance(60_000)
  t.equal(told.length, 3, 'that they may be told again is not told')
  bot.notify(notice)
  await bot.flushed(1_000)
  t.equal(told.length, 4)
  await clock.advance(60_000)
  t.equal(clock.pendingTimers, 0)
})

t.test('a sink that fails is logged, and is nobody else’s trouble', async (t) => {
  const { bot, warnings } = alerts(async () => {
    throw new Error('no')
  })
  bot.notify(notice)
  t.ok(await bot.flushed(1_000))
  t.match(warnings, [{ sink: 'test', err: { message: 'no' } }])
})

t.test('who waits for a sink that hangs waits so long and no longer', async (t) => {
  const { bot, clock } = alerts(() => new Promise(() => {}))
  bot.notify(notice)
  const short = bot.flushed(4_000)
  const long = bot.flushed(20_000)
  await clock.advance(4_000)
  t.equal(await short, false)
  await clock.advance(6_000)
  t.equal(await long, true, 'the book has given it up')
  await settle()
})

t.test('nothing told is delivered', async (t) => {
  const { bot, clock } = alerts()
  t.equal(await bot.flushed(1_000), true)
  t.equal(clock.pendingTimers, 0)
})
