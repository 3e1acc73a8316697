// The simulated gateway as the main process of a container: the image's environment in, its exit codes out.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { TradingMode } from './accounts.ts'
import { startCommandServer } from './command-server.ts'
import { type Fills, type PacingMode, startSimulatedGateway } from './gateway.ts'
import { type ExistingSession, parseConfig, renderConfig } from './ibc-settings.ts'
import { innerPort } from './inner-port.ts'
import { banner, imagePorts } from './log-lines.ts'
import { controlSocket, violationsWord } from './simctl.ts'
import { lineOf } from './violations.ts'

/** Replies to whoever ended the gateway leave before the process does. */
const lastWordsMs = 100
const memoryLimitFiles = ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes']
/** More than any container of ours: no limit is in force, and the machine's own memory is not ours to fill. */
const unlimitedBytes = 2 ** 36

export type Environment = Record<string, string | undefined>

export interface ContainerDeps {
  env: Environment
  print(line: string, stream: 'stdout' | 'stderr'): void
  onSignal(stop: () => void): void
  exit(code: number): void
}

/** Ends the container as a start script would: a line on stderr or stdout, and a status. */
class StartFailure extends Error {
  readonly stream: 'stdout' | 'stderr'

  constructor(line: string, stream: 'stdout' | 'stderr' = 'stderr') {
    super(line)
    this.stream = stream
  }
}

/** Runs until the gateway ends. Secrets and settings are taken as facts about the real image say. */
export async function runContainer(deps: ContainerDeps): Promise<void> {
  const { env, print } = deps
  for (const line of banner) print(String(line), 'stdout')
  try {
    runScripts(env)
    const mode = tradingMode(env)
    const config = configure(env, mode)
    await runGateway(deps, mode, config)
  } catch (error) {
    if (!(error instanceof StartFailure)) throw error
    print(error.message, error.stream)
    deps.exit(1)
  }
}

async function runGateway(
  deps: ContainerDeps,
  mode: TradingMode,
  config: Map<string, string>,
): Promise<void> {
  const { env, print } = deps
  const setting = (name: string) => config.get(name) ?? ''
  const seconds = (name: string, fallback: number) => Number(env[name] || fallback)
  const commandServerPort = Number(setting('CommandServerPort')) || 0
  const [inner, outer] = imagePorts(mode)
  const gateway = await startSimulatedGateway({
    username: setting('IbLoginId'),
    password: setting('IbPassword'),
    tradingMode: mode,
    readOnlyApi: readOnly(setting('ReadOnlyApi')),
    existingSession: existingSession(setting('ExistingSessionDetectedAction')),
    reloginAfterTwofaTimeout: isYes(setting('ReloginAfterSecondFactorAuthenticationTimeout')),
    autoRestartTime: setting('AutoRestartTime'),
    timeZone: env.TZ || 'Etc/UTC',
    connectionTimeZone: config.get('TimeZone') || env.TZ || 'Etc/UTC',
    commandServer: commandServerPort > 0,
    host: '0.0.0.0',
    port: outer,
    loginSeconds: seconds('SIM_LOGIN_SECONDS', 1),
    twofaSeconds: seconds('SIM_TWOFA_SECONDS', 180),
    restartSeconds: seconds('SIM_RESTART_SECONDS', 10),
    pacing: pacingMode(env),
    fills: fillsMode(env),
    banner: false,
    onLog: print,
    onLogin: innerPort(inner, outer, (line) => print(line, 'stderr')),
    onExit: (code) => setTimeout(() => deps.exit(code), lastWordsMs),
  })
  deps.onSignal(() => void gateway.terminate())
  listenForOrders((text) => {
    if (text.trim() === violationsWord) return gateway.violations.map(lineOf).join('')
    if (text.trim() === 'oom') exhaustMemory()
    gateway.fault(text)
    return ''
  })
  if (commandServerPort > 0) {
    await startCommandServer(setting('BindAddress') || '127.0.0.1', commandServerPort, gateway.command)
  }
}

/** Every `*.sh` of `$HOME/$START_SCRIPTS`, in order; a failing one does not stop the start. */
function runScripts({ HOME = '', START_SCRIPTS, ...env }: Environment): void {
  if (!START_SCRIPTS) return
  const folder = join(HOME, START_SCRIPTS)
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith('.sh')) continue
    spawnSync('/bin/bash', [join(folder, name)], { stdio: 'inherit', env: { ...env, HOME, START_SCRIPTS } })
  }
}

/** `both` runs two gateways in the real image; one container per login is all this one does. */
function tradingMode({ TRADING_MODE: mode }: Environment): TradingMode {
  if (mode === 'paper' || mode === 'live') return mode
  throw new StartFailure(`.> Invalid TRADING_MODE: ${mode ?? ''}`, 'stdout')
}

function pacingMode({ IB_PACING }: Environment): PacingMode {
  const mode = IB_PACING || 'strict'
  if (mode === 'strict' || mode === 'relaxed') return mode
  throw new StartFailure(`.> Invalid IB_PACING: ${mode}`, 'stdout')
}

function fillsMode({ SIM_FILLS }: Environment): Fills {
  const mode = SIM_FILLS || 'market-hours'
  if (mode === 'market-hours' || mode === 'any-hour') return mode
  throw new StartFailure(`.> Invalid SIM_FILLS: ${mode}`, 'stdout')
}

/** Renders config.ini and makes jts.ini where there is none; what both say, together. */
function configure(env: Environment, mode: TradingMode): Map<string, string> {
  const { IBC_INI_TMPL = '', IBC_INI = '' } = env
  const template = readFileSync(IBC_INI_TMPL, 'utf8')
  const rendered = renderConfig(template, {
    ...env,
    TRADING_MODE: mode,
    TWS_PASSWORD: secret(env, 'TWS_PASSWORD'),
  })
  writeFileSync(IBC_INI, rendered, { mode: 0o600 })
  chmodSync(IBC_INI, 0o600)
  const jts = parseConfig(Buffer.from(settingsFile(env)))
  return new Map([...jts, ...parseConfig(readFileSync(IBC_INI))])
}

function secret(env: Environment, name: string): string {
  const file = env[`${name}_FILE`]
  if (!file) return env[name] ?? ''
  if (env[name]) throw new StartFailure(`error: both ${name} and ${name}_FILE are set (but are exclusive)`)
  return whileScripted(57, file, () => readFileSync(file, 'utf8')).replace(/\n+$/, '')
}

/** A jts.ini that is already there wins over TIME_ZONE, as on a volume that outlives its container. */
function settingsFile({ TWS_SETTINGS_PATH, HOME = '', TIME_ZONE = '' }: Environment): string {
  const folder = TWS_SETTINGS_PATH || join(HOME, 'Jts')
  const file = join(folder, 'jts.ini')
  return whileScripted(150, file, () => {
    if (!existsSync(folder)) mkdirSync(folder)
    if (!existsSync(file)) {
      writeFileSync(file, `[Logon]\nTimeZone=${TIME_ZONE}\n[IBGateway]\nApiOnly=true\nTrustedIPs=127.0.0.1\n`)
    }
    return readFileSync(file, 'utf8')
  })
}

/** Turns a file's refusal into bash's words for it. */
function whileScripted<Result>(line: number, file: string, task: () => Result): Result {
  try {
    return task()
  } catch (error) {
    const texts: Record<string, string> = { ENOENT: 'No such file or directory', EISDIR: 'Is a directory' }
    const text = texts[(error as NodeJS.ErrnoException).code ?? ''] ?? 'Permission denied'
    throw new StartFailure(`/home/ibgateway/scripts/common.sh: line ${line}: ${file}: ${text}`)
  }
}

/** `obey` returns what is told in return. */
function listenForOrders(obey: (text: string) => string): void {
  rmSync(controlSocket, { force: true })
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let text = ''
    socket.on('error', () => {})
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    socket.on('end', () => {
      socket.end(obey(text))
    })
  })
  server.listen(controlSocket)
}

/** A child takes what the container may have until the kernel kills it, so that the engine sees a real OOM kill. */
function exhaustMemory(): void {
  const file = memoryLimitFiles.find(existsSync)
  const limit = file === undefined ? Number.NaN : Number(readFileSync(file, 'utf8'))
  if (!(limit < unlimitedBytes)) return
  spawnSync(process.execPath, ['-e', 'for (const all = []; ; ) all.push(Buffer.alloc(2 ** 25, 1))'])
}

/** Any word that is neither empty nor a no means read-only: IBC reads it so. */
function readOnly(text: string): boolean | 'unset' {
  if (text === '') return 'unset'
  return !/^(no|false)$/i.test(text)
}

function existingSession(text: string): ExistingSession {
  const action = text.toLowerCase()
  if (action === '') return 'manual'
  return action === 'primary' || action === 'primaryoverride' || action === 'manual' ? action : 'secondary'
}

function isYes(text: string): boolean {
  return /^(yes|true)$/i.test(text)
}
