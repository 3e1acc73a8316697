// `npm run demo:bot`: the trading bot on a simulated gateway, on a Wednesday in market hours, through what can happen to it. `--once` ends after the story.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ibConnector } from '../adapters/ib/connector.ts'
import { startBareGateway } from '../adapters/simulated/bare-gateway.ts'
import { systemClock } from '../adapters/system-clock.ts'
import { Bot } from '../bot/bot.ts'
import { BotAlerts } from '../bot/bot-alerts.ts'
import { parseBotConfig } from '../bot/config.ts'
import { newYorkDate } from '../bot/market-hours.ts'
import { BotStage, freePort } from './bot-stage.ts'
import { shiftedClock } from './shifted-clock.ts'

/** Wednesday, 18 March 2026, 11:00 in New York. */
const wednesday = Date.UTC(2026, 2, 18, 15)
const actMs = 60_000

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.on(name, () => (stop.signal.aborted ? process.exit(130) : stop.abort(new Error(name))))

process.exitCode = await demo(process.argv.includes('--once'))
process.exit()

async function demo(once: boolean): Promise<0 | 1> {
  const stateDir = await mkdtemp(join(tmpdir(), 'ibgm-bot-demo-'))
  const clock = shiftedClock(systemClock(), wednesday)
  const stage = new BotStage(process.stdout, clock, stop.signal)
  try {
    const gameplanPath = join(stateDir, 'gameplan.json')
    await writeFile(gameplanPath, gameplan(newYorkDate(clock.now())))
    const port = await freePort()
    const { config, secrets } = parseBotConfig(
      {
        GATEWAY_HOST: '127.0.0.1',
        GATEWAY_PORT: String(port),
        GATEWAY_RETRY_INTERVAL: '1',
        GAMEPLAN_PATH: gameplanPath,
        BOT_HEALTH_PORT: '0',
        BOT_STATE_DIR: stateDir,
        STRATEGY_MODULES: fileURLToPath(new URL('../../../examples/strategy-b.example.mjs', import.meta.url)),
      },
      [],
    )
    const bot = new Bot({
      config,
      secrets,
      connector: ibConnector(),
      clock,
      log: stage.log,
      alerts: new BotAlerts({ sinks: [stage.alerts], clock, log: stage.log }),
      pace: { checkIntervalMs: 10_000, turnMs: 2_000 },
    })
    stage.say('The bot starts; its gateway is not there yet. It waits, and tries again.')
    const ended = bot.run(stop.signal)
    const isOk = await story(stage, port, clock).catch((error: Error) => {
      if (!stop.signal.aborted) stage.say(`The story ended early: ${error.message}`)
      return false
    })
    stage.say(`GET /health answers ${JSON.stringify(bot.health())}`)
    if (once || !isOk) stop.abort(new Error('the end'))
    else stage.say('The bot runs on: docs/bot.md says what it does. Ctrl-C ends the demo.')
    await ended
    return isOk ? 0 : 1
  } finally {
    await rm(stateDir, { recursive: true, force: true })
  }
}

async function story(
  stage: BotStage,
  port: number,
  clock: ReturnType<typeof shiftedClock>,
): Promise<boolean> {
  await stage.heard('Gateway port not responding, retrying', actMs)
  stage.say('A gateway starts. It takes a moment to log in: its port answers before anybody is behind it.')
  const first = await startBareGateway({ clock, port, loginSeconds: 3 })
  await stage.heard('Bot operational, Gateway validated', actMs)
  stage.say(
    'Market hours, gate open, dry run: the example strategy wishes, every check is made, nothing is sent.',
  )
  await stage.heard('Order not sent, dry run', actMs)
  stage.say('The gateway makes its nightly restart.')
  first.fault('nightly-restart')
  await stage.heard('Gateway connection lost, Strategy C active', actMs)
  await stage.heard('Gateway validated successfully', actMs)
  await stage.heard('Strategy C has nothing left to close, the gameplan counts again', actMs)
  stage.say('The gateway dies.')
  await first.terminate()
  await stage.heard('Gateway connection lost, Strategy C active', actMs)
  await stage.heard('Gateway not validated, trying again', actMs)
  stage.say('Somebody starts it again.')
  const second = await startBareGateway({ clock, port })
  await stage.heard('Gateway validated successfully', actMs)
  await stage.heard('Order not sent, dry run', actMs)
  const orders = [...first.requests, ...second.requests].filter(({ name }) => name === 'placeOrder')
  stage.say(
    `Orders that reached a gateway in all of this: ${orders.length}. (DRY_RUN=false is what lets them out.)`,
  )
  return orders.length === 0
}

function gameplan(date: string): string {
  return JSON.stringify({
    date,
    strategy: 'B',
    symbols: ['SPY'],
    hard_limits: { max_daily_loss_pct: 0.1, max_single_position: 120 },
  })
}
