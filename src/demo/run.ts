// The demo from start to end: a server in this process, its fleet over HTTP, and a folder that goes with it.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Logger, pino } from 'pino'
import { type ApiClient, createClient } from '../cli/client.ts'
import { printFailure } from '../cli/failure.ts'
import { CliError, type ExitCode, exitCodes, type Io } from '../cli/io.ts'
import { painter } from '../cli/terminal.ts'
import { ConfigError } from '../config.ts'
import { runDrill } from './drill.ts'
import { watchFleet } from './fleet-view.ts'
import { allRunning, demoFollowers, enable, introduce } from './followers.ts'
import { dayToDelete, trackSeries } from './series.ts'
import { whatToTry } from './what-to-try.ts'

/** A server that runs in this process, as the demo sees it. */
export interface DemoServer {
  readonly url: string
  close(): Promise<void>
}

export interface DemoIo extends Io {
  readonly signal: AbortSignal
  startServer(options: { env: Record<string, string | undefined>; log?: Logger }): Promise<DemoServer>
}

const comeUpMs = 120_000

/** `--once` drills one follower and ends; without it the fleet stays until the signal aborts. */
export async function runDemo(argv: readonly string[], io: DemoIo): Promise<ExitCode> {
  const unknown = argv.filter((word) => word !== '--once')
  if (unknown.length > 0) {
    io.stderr.write(`error: unknown argument ${unknown[0]}\n  what to do: npm run demo [-- --once]\n`)
    return exitCodes.usage
  }
  const temporary = io.env.DATA_DIR ? undefined : await mkdtemp(join(tmpdir(), 'ibgm-demo-'))
  try {
    const dataDir = io.env.DATA_DIR || temporary || ''
    return await withServer(io, dataDir, (server, client) =>
      argv.includes('--once') ? once(io, client) : stay(io, server, client, dataDir),
    )
  } catch (error) {
    if (io.signal.aborted) return argv.includes('--once') ? exitCodes.failed : exitCodes.ok
    return printFailure(error, io, false)
  } finally {
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true })
  }
}

async function withServer(
  io: DemoIo,
  dataDir: string,
  use: (server: DemoServer, client: ApiClient) => Promise<ExitCode>,
): Promise<ExitCode> {
  const port = io.env.PORT || '8080'
  const server = await io
    .startServer({ env: serverEnvironment(dataDir, port), log: fileLog(dataDir) })
    .catch((error: unknown) => {
      if (isPortTaken(error)) throw portTaken(port, error)
      throw error instanceof ConfigError ? new CliError('usage', error.message, { cause: error }) : error
    })
  io.stdout.write(`IB Gateway Manager on ${server.url}, data in ${dataDir}\n`)
  try {
    return await use(server, createClient({ url: server.url, signal: io.signal }))
  } finally {
    if (io.signal.aborted) io.stdout.write('\nstopping the fleet\n')
    await server.close()
  }
}

/** All that the server gets: nothing of the caller's environment may bring a database, a vault or an engine into the demo. */
function serverEnvironment(dataDir: string, port: string): Record<string, string> {
  return {
    HOST: '127.0.0.1',
    PORT: port,
    DATA_DIR: dataDir,
    RUNTIME: 'simulated',
    SIM_LOGIN_SECONDS: '2',
    SIM_RESTART_SECONDS: '5',
    // Short, so that a fault like `mute` shows while somebody looks.
    HEARTBEAT_INTERVAL: '5',
    HEARTBEAT_TIMEOUT: '3',
    // Nobody locks a simulated user, and a drill starts many logins.
    LOGIN_BUDGET_STARTS: '0',
    // Market data comes from the first of them.
    DATA_FOLLOWER: demoFollowers[0]?.id ?? '',
    // As strict as IB itself is said to be: a month of minute bars comes in seconds, not in half an hour.
    IB_PACING: 'relaxed',
  }
}

/** The terminal is the fleet's; the server's own log goes to a file beside its data. */
function fileLog(dataDir: string): Logger {
  const file = join(dataDir, 'manager.log')
  return pino({ level: 'info' }, pino.destination({ dest: file, mkdir: true, sync: true }))
}

function isPortTaken(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && at.code === 'EADDRINUSE') return true
  }
  return false
}

function portTaken(port: string, cause: unknown): CliError {
  return new CliError('failed', `port ${port} on 127.0.0.1 is taken by something else`, {
    hint: `choose another: PORT=${Number(port) + 1} npm run demo`,
    code: 'PORT_TAKEN',
    cause,
  })
}

async function once(io: DemoIo, client: ApiClient): Promise<ExitCode> {
  await introduce(client, demoFollowers)
  const { lines, ok } = await runDrill({
    client,
    followers: demoFollowers,
    signal: io.signal,
    paint: painter(io.stdout, io.env),
    say: (line) => io.stdout.write(`${line}\n`),
  })
  io.stdout.write(`\n${lines.join('\n')}\n`)
  return ok ? exitCodes.ok : exitCodes.failed
}

async function stay(io: DemoIo, server: DemoServer, client: ApiClient, dataDir: string): Promise<ExitCode> {
  await introduce(client, demoFollowers)
  await enable(client, demoFollowers)
  const live = io.stdout.isTTY === true
  const watch = { client, io, startedAt: performance.now() }
  const gateways = await watchFleet({ ...watch, live, until: allRunning, timeoutMs: comeUpMs })
  if (!allRunning(gateways)) {
    throw new CliError('failed', `the fleet did not come up within ${comeUpMs / 1000} s`, {
      hint: `its state is above; set DATA_DIR to keep the server's log (manager.log)`,
    })
  }
  await trackSeries(client)
  const tips = whatToTry({
    url: server.url,
    barsDir: resolve(dataDir, 'bars'),
    day: dayToDelete(Date.now()),
    paint: painter(io.stdout, io.env),
  })
  io.stdout.write(`${tips.join('\n')}\n`)
  await watchFleet({ ...watch, live: false, known: gateways, until: () => false })
  return exitCodes.ok
}
