// The whole bot in this process, and all that shows of it: exit code, log lines, alerts as a webhook gets them, health over HTTP.
import type { Test } from 'tap'
import { ibConnector } from '../../src/adapters/ib/connector.ts'
import { createDiscordSink } from '../../src/adapters/webhook/discord.ts'
import { Bot } from '../../src/bot/bot.ts'
import { BotAlerts } from '../../src/bot/bot-alerts.ts'
import { parseBotConfig } from '../../src/bot/config.ts'
import type { Pace } from '../../src/bot/trading.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { IbConnector } from '../../src/ports/ib.ts'
import type { Log } from '../../src/ports/log.ts'
import { receiver } from '../adapters/webhook/receiver.ts'
import { until } from '../fleet/world.ts'

export interface Line {
  /** Monotonic milliseconds of its clock. */
  readonly at: number
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  // biome-ignore lint/suspicious/noExplicitAny: each test knows what it looks for
  readonly fields: any
}

/** An alert as the webhook got it. */
export interface Told {
  readonly head: string
  readonly text: string
  readonly action: string
}

export interface RunningBot {
  readonly bot: Bot
  readonly lines: readonly Line[]
  /** Its exit code. */
  readonly ended: Promise<0 | 1>
  messages(): string[]
  /** Resolves with the line when the message was logged for the `count`th time. */
  heard(message: string, count?: number): Promise<Line>
  count(message: string): number
  /** Alerts so far, as `CRITICAL: Gateway …`. */
  told(): string[]
  toldAs(head: string, count?: number): Promise<Told>
  /** Status of GET /health. */
  healthStatus(): Promise<number>
  stop(): Promise<0 | 1>
}

export interface RunOptions {
  readonly clock: Clock
  readonly env: Record<string, string>
  readonly pace?: Pace
  readonly connector?: IbConnector
  /** How the webhook answers [204]. */
  readonly webhook?: Parameters<typeof receiver>[1]
}

/** Starts it with a webhook, whatever port for its health, and a quick pace; it ends with its test. */
export async function runBot(t: Test, options: RunOptions): Promise<RunningBot> {
  const { clock, env, connector = ibConnector(), pace } = options
  const webhook = await receiver(t, options.webhook)
  const lines: Line[] = []
  const log = lineLog(lines, clock)
  const { config, secrets } = parseBotConfig(
    { BOT_HEALTH_PORT: '0', DISCORD_WEBHOOK_URL: webhook.url, ...env },
    [],
  )
  const url = secrets.discordWebhookUrl
  const bot = new Bot({
    config,
    secrets,
    connector,
    clock,
    log,
    alerts: new BotAlerts({
      sinks: url === undefined ? [] : [createDiscordSink({ url, clock })],
      clock,
      log,
    }),
    pace: { checkIntervalMs: 10_000, turnMs: 500, ...pace },
  })
  const end = new AbortController()
  const ended = bot.run(end.signal)
  const stop = () => {
    end.abort(new Error('the test ends it'))
    return ended
  }
  t.teardown(stop)
  const messages = () => lines.map(({ message }) => message)
  const all = (message: string) => lines.filter((line) => line.message === message)
  const alerts = () => webhook.bodies.map(({ content }) => toldBy(content))
  return {
    bot,
    lines,
    ended,
    stop,
    messages,
    count: (message) => all(message).length,
    async heard(message, count = 1) {
      await until(messages, () => all(message).length >= count, `"${message}", ${count} times`, 30_000)
      return all(message)[count - 1] as Line
    },
    told: () => alerts().map(({ head }) => head),
    async toldAs(head, count = 1) {
      const like = () => alerts().filter((alert) => alert.head === head)
      await until(alerts, () => like().length >= count, `alert "${head}", ${count} times`, 30_000)
      return like()[count - 1] as Told
    },
    async healthStatus() {
      const answer = await fetch(`http://127.0.0.1:${bot.healthPort}/health`)
      await answer.body?.cancel()
      return answer.status
    },
  }
}

/** Whether `parts` stand in `whole` in this order, with anything between them. */
export function inOrder(whole: readonly string[], parts: readonly string[]): boolean {
  let from = 0
  return parts.every((part) => {
    const at = whole.indexOf(part, from)
    from = at + 1
    return at >= 0
  })
}

function lineLog(lines: Line[], clock: Clock): Log {
  const write = (level: Line['level']) => (fields: object, message: string) => {
    lines.push({ at: clock.monotonicMs(), level, message, fields })
  }
  const log: Log = {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: () => log,
  }
  return log
}

/** Emoji and head, text, what to do, time; the words NOT IN FORM otherwise. */
function toldBy(content: string): Told {
  const form =
    /^(?:✅|⚠️|🔴|🚨|ℹ️) \*\*((?:INFO|WARNING|ERROR|CRITICAL): [^\n]+)\*\*\n\n([\s\S]+)\n\n\*\*Action Required:\*\* ([^\n]+)\n\n\*Timestamp: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d\*(?:\n\n@here)?$/u
  const [, head = `NOT IN FORM: ${content}`, text = '', action = ''] = form.exec(content) ?? []
  return { head, text, action }
}
