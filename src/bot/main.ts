// `npm run bot`: the bot as a process. Environment and flags in, JSON lines on standard output, signals in, exit code out.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { loadEnvFile } from 'node:process'
import { destination, pino, stdTimeFunctions } from 'pino'
import { alertLog } from '../adapters/alert-log.ts'
import { createDataDirLock } from '../adapters/embedded/data-dir-lock.ts'
import { readProcesses } from '../adapters/embedded/processes.ts'
import { ibConnector } from '../adapters/ib/connector.ts'
import { systemClock } from '../adapters/system-clock.ts'
import { createDiscordSink } from '../adapters/webhook/discord.ts'
import { redaction } from '../http/request-log.ts'
import type { Clock } from '../ports/clock.ts'
import { FleetError, isFleetError } from '../ports/errors.ts'
import type { Log } from '../ports/log.ts'
import type { ManagerLock } from '../ports/stores.ts'
import { Bot, type StateLock } from './bot.ts'
import { BotAlerts } from './bot-alerts.ts'
import { BotConfigError, botHelp, type ParsedBotConfig, parseBotConfig } from './config.ts'

const require = createRequire(import.meta.url)
/** The compiled file lies one folder deeper than its source. */
const { version } = require(
  import.meta.url.includes('/dist/') ? '../../../package.json' : '../../package.json',
)

if (existsSync('.env')) loadEnvFile('.env')

const argv = process.argv.slice(2)
const help = botHelp(argv)
if (help === undefined) process.exitCode = await main(argv)
else process.stdout.write(help)
// A strategy's thread, or a socket in its last moments, must not hold the end up.
process.exit()

async function main(argv: readonly string[]): Promise<number> {
  const parsed = parse(argv)
  if (!parsed) return 1
  const { config, secrets, notices } = parsed
  const log = pino(
    {
      level: config.logLevel,
      redact: redaction,
      base: { version },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label.toUpperCase() }) },
    },
    destination({ fd: 1, sync: true }),
  )
  for (const notice of notices) log.warn({}, notice)
  const clock = systemClock()
  const sinks = [alertLog(log)]
  if (secrets.discordWebhookUrl !== undefined)
    sinks.push(createDiscordSink({ url: secrets.discordWebhookUrl, clock }))
  const alerts = new BotAlerts({ sinks, clock, log })
  const stop = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(1)
      log.info({ signal }, 'Signal received')
      stop.abort(new Error(signal))
    })
  process.on('uncaughtException', (err) => {
    log.fatal({ err }, 'A fault of ours: the bot ends, positions are left as they are')
    process.exit(1)
  })
  const bot = new Bot({
    config,
    secrets,
    connector: ibConnector(),
    clock,
    log,
    alerts,
    stateLock: stateLock(config.stateDir, clock, log, (error) => stop.abort(error)),
  })
  return bot.run(stop.signal)
}

function parse(argv: readonly string[]): ParsedBotConfig | undefined {
  try {
    return parseBotConfig(process.env, argv)
  } catch (error) {
    if (!(error instanceof BotConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    return undefined
  }
}

/** One bot per BOT_STATE_DIR: two that write one journal could not tell their orders apart. */
function stateLock(
  dataDir: string,
  clock: Clock,
  log: Log,
  onLockLost: (error: FleetError) => void,
): StateLock {
  let lock: ManagerLock | undefined
  return {
    async acquire(signal) {
      lock = createDataDirLock({ dataDir, clock, log, processes: readProcesses(), onLockLost })
      await lock.acquire('trading-bot', signal).catch((cause) => {
        if (!isFleetError(cause, 'STORE_LOCKED')) throw cause
        const what = `another bot uses BOT_STATE_DIR ${dataDir}: stop it, or give this one a folder of its own`
        throw new FleetError('STORE_LOCKED', what, { cause })
      })
    },
    release: async () => lock?.release(),
  }
}
