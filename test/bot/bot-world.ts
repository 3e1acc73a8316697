// The whole bot in this process, five times as fast as life: on a simulated gateway over real sockets, with a webhook, a log, a gameplan and its health.
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { ibConnector } from '../../src/adapters/ib/connector.ts'
import { createDiscordSink } from '../../src/adapters/webhook/discord.ts'
import { Bot } from '../../src/bot/bot.ts'
import { BotAlerts } from '../../src/bot/bot-alerts.ts'
import { parseBotConfig } from '../../src/bot/config.ts'
import { newYorkDate } from '../../src/bot/market-hours.ts'
import type { Pace } from '../../src/bot/trading.ts'
import { freePort } from '../../src/demo/bot-stage.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { IbConnector } from '../../src/ports/ib.ts'
import type { Log } from '../../src/ports/log.ts'
import { accountsOf, type Position } from '../../src/simulator/accounts.ts'
import {
  Broker,
  type SimulatedGateway,
  type SimulatedGatewayOptions,
  startSimulatedGateway,
} from '../../src/simulator/gateway.ts'
import { receiver } from '../adapters/webhook/receiver.ts'
import { FastClock, simulatorClock } from '../fast-clock.ts'
import { until } from '../fleet/world.ts'

/** Wednesday, 18 March 2026, 11:00 in New York: the market is open. */
export const WEDNESDAY = Date.UTC(2026, 2, 18, 15)
/** Saturday of the same week. */
export const SATURDAY = Date.UTC(2026, 2, 21, 15)

const USER = 'sim-bot'
export const ACCOUNT = accountsOf(USER, 'paper')[0] ?? ''

export interface Line {
  /** Monotonic milliseconds of the world. */
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
  /** Resolves when the account holds that many units of a symbol and the bot has seen the fill. */
  filled(symbol: string, units: number): Promise<void>
  /** Status of GET /health. */
  healthStatus(): Promise<number>
  stop(): Promise<0 | 1>
}

export interface BotOptions {
  readonly env?: Record<string, string>
  readonly pace?: Pace
  readonly connector?: IbConnector
  readonly clock?: Clock
  /** How the webhook answers [204]. */
  readonly webhook?: Parameters<typeof receiver>[1]
}

export interface BotWorld {
  readonly clock: FastClock
  /** IBKR behind every gateway of this world. */
  readonly broker: Broker
  readonly port: number
  readonly dir: string
  startGateway(options?: Partial<SimulatedGatewayOptions>): Promise<SimulatedGateway>
  /** SIGKILL; resolves when the port is free. */
  crash(gateway: SimulatedGateway): Promise<void>
  startBot(options?: BotOptions): Promise<RunningBot>
  writeGameplan(changes?: Record<string, unknown>): Promise<void>
  removeGameplan(): Promise<void>
  /** A strategy module with this body of `decide(moment)`; returns its path. */
  strategy(name: string, body: string): Promise<string>
  /** Units of a symbol in the account. */
  held(symbol: string): number
}

/** Every gateway of the world gives the same client id back at once, as their clients say goodbye. */
export async function botWorld(
  t: Test,
  { at = WEDNESDAY, speed = 5, positions = [] as readonly Position[] } = {},
): Promise<BotWorld> {
  const clock = new FastClock(at, speed)
  const broker = new Broker({ clock: simulatorClock(clock), accounts: [ACCOUNT], positions })
  t.teardown(() => broker.stop())
  const dir = t.testdir()
  const port = await freePort()
  const gameplanPath = join(dir, 'gameplan.json')
  const exits = new WeakMap<SimulatedGateway, Promise<void>>()

  const startGateway: BotWorld['startGateway'] = async (options = {}) => {
    let onExit = () => {}
    const exited = new Promise<void>((resolve) => {
      onExit = resolve
    })
    const gateway = await startSimulatedGateway({
      username: USER,
      password: 'sim',
      tradingMode: 'paper',
      port,
      loginSeconds: 0.1,
      restartSeconds: 2,
      broker,
      clock: simulatorClock(clock),
      onLog() {},
      ...options,
      onExit,
    })
    exits.set(gateway, exited)
    t.teardown(async () => {
      gateway.kill()
      await exited
    })
    return gateway
  }

  const held = (symbol: string) =>
    broker.ledger.holdings(ACCOUNT).find(({ instrument }) => instrument.symbol === symbol)?.quantity ?? 0

  const startBot: BotWorld['startBot'] = async (options = {}) => {
    const webhook = await receiver(t, options.webhook)
    const lines: Line[] = []
    const log = lineLog(lines, clock)
    const { config, secrets } = parseBotConfig(
      {
        GATEWAY_HOST: '127.0.0.1',
        GATEWAY_PORT: String(port),
        GATEWAY_RETRY_INTERVAL: '500ms',
        GAMEPLAN_PATH: gameplanPath,
        BOT_HEALTH_PORT: '0',
        BOT_STATE_DIR: join(dir, 'state'),
        DISCORD_WEBHOOK_URL: webhook.url,
        ...options.env,
      },
      [],
    )
    const botClock = options.clock ?? clock
    const url = secrets.discordWebhookUrl
    const sinks = url === undefined ? [] : [createDiscordSink({ url, clock: botClock })]
    const bot = new Bot({
      config,
      secrets,
      connector: options.connector ?? ibConnector(),
      clock: botClock,
      log,
      alerts: new BotAlerts({ sinks, clock: botClock, log }),
      pace: { checkIntervalMs: 10_000, turnMs: 500, ...options.pace },
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
      async filled(symbol, units) {
        await until(
          () => held(symbol),
          (now) => now === units,
          `${units} ${symbol} held`,
          30_000,
        )
        const there = broker.ledger.holdings(ACCOUNT).filter(({ quantity }) => quantity !== 0).length
        await until(
          () => bot.health().positionsOpen,
          (open) => open === there,
          `${there} positions seen`,
          30_000,
        )
      },
      async healthStatus() {
        const answer = await fetch(`http://127.0.0.1:${bot.healthPort}/health`)
        await answer.body?.cancel()
        return answer.status
      },
    }
  }

  return {
    clock,
    broker,
    port,
    dir,
    startGateway,
    startBot,
    async crash(gateway) {
      gateway.kill()
      await exits.get(gateway)
    },
    writeGameplan: (changes = {}) => writeFile(gameplanPath, gameplan(clock.now(), changes)),
    removeGameplan: () => rm(gameplanPath),
    async strategy(name, body) {
      const path = join(dir, `${name}.mjs`)
      await writeFile(
        path,
        `let turn = 0\nexport default { name: '${name}', decide(moment) { turn++; ${body} } }\n`,
      )
      return path
    },
    held,
  }
}

/** A gateway at the real time on a free port, for a bot in a process of its own; it ends with its test. */
export async function realGateway(
  t: Test,
  options: Partial<SimulatedGatewayOptions> = {},
): Promise<SimulatedGateway> {
  const gateway = await startSimulatedGateway({
    username: USER,
    password: 'sim',
    tradingMode: 'paper',
    loginSeconds: 0.1,
    restartSeconds: 1,
    onLog() {},
    onExit() {},
    ...options,
  })
  t.teardown(() => gateway.terminate())
  return gateway
}

/** A gameplan for the day of New York at `atMs`. */
export function gameplan(atMs: number, changes: Record<string, unknown> = {}): string {
  return JSON.stringify({
    date: newYorkDate(atMs),
    strategy: 'B',
    symbols: ['SPY'],
    hard_limits: { max_daily_loss_pct: 0.1, max_single_position: 120 },
    ...changes,
  })
}

/** What orders a gateway was sent: `BUY 2 SPY`. */
export function ordersAt(...gateways: readonly SimulatedGateway[]): string[] {
  return gateways.flatMap(({ requests }) =>
    requests
      .filter(({ name }) => name === 'placeOrder')
      .map(({ fields }) => {
        const at = fields.findIndex((field) => field === 'BUY' || field === 'SELL')
        return `${fields[at]} ${fields[at + 1]} ${fields[3]}`
      }),
  )
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
