// A world for the whole bot, five times as fast as life: simulated gateways over real sockets, one IBKR behind them, a gameplan, strategies.
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { newYorkDate } from '../../src/bot/market-hours.ts'
import { freePort } from '../../src/demo/bot-stage.ts'
import { accountsOf, type Position } from '../../src/simulator/accounts.ts'
import {
  Broker,
  type SimulatedGateway,
  type SimulatedGatewayOptions,
  startSimulatedGateway,
} from '../../src/simulator/gateway.ts'
import { FastClock, simulatorClock } from '../fast-clock.ts'
import { until } from '../fleet/world.ts'
import { testFolder } from '../test-folder.ts'
import { type RunningBot, type RunOptions, runBot } from './running-bot.ts'

/** Wednesday, 18 March 2026, 11:00 in New York: the market is open. */
export const wednesday = Date.UTC(2026, 2, 18, 15)
/** Saturday of the same week. */
export const saturday = Date.UTC(2026, 2, 21, 15)

const USER = 'sim-bot'
export const ACCOUNT = accountsOf(USER, 'paper')[0] ?? ''

export interface TradingBot extends RunningBot {
  /** Resolves when the account holds that many units of a symbol and the bot has seen the fill. */
  filled(symbol: string, units: number): Promise<void>
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
  startBot(options?: Partial<RunOptions>): Promise<TradingBot>
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
  { at = wednesday, speed = 5, positions = [] as readonly Position[] } = {},
): Promise<BotWorld> {
  const clock = new FastClock(at, speed)
  const broker = new Broker({ clock: simulatorClock(clock), accounts: [ACCOUNT], positions })
  t.teardown(() => broker.stop())
  const dir = testFolder(t)
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

  const startBot: BotWorld['startBot'] = async ({ env, ...options } = {}) => {
    const running = await runBot(t, {
      clock,
      ...options,
      env: {
        GATEWAY_HOST: '127.0.0.1',
        GATEWAY_PORT: String(port),
        GATEWAY_RETRY_INTERVAL: '500ms',
        GAMEPLAN_PATH: gameplanPath,
        BOT_STATE_DIR: join(dir, 'state'),
        ...env,
      },
    })
    return {
      ...running,
      async filled(symbol, units) {
        await until(
          () => held(symbol),
          (now) => now === units,
          `${units} ${symbol} held`,
          30_000,
        )
        const there = broker.ledger.holdings(ACCOUNT).filter(({ quantity }) => quantity !== 0).length
        await until(
          () => running.bot.health().positionsOpen,
          (open) => open === there,
          `${there} positions seen`,
          30_000,
        )
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
