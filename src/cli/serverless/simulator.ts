// `ibgm simulator`: one simulated gateway in the foreground, its log on stdout, faults typed on stdin.
import { messageOf } from '../../ports/errors.ts'
import { type PacingMode, type SimulatedGateway, startSimulatedGateway } from '../../simulator/gateway.ts'
import type { SimulatorOptions } from '../commands/serverless.ts'
import { CliError, type ExitCode, exitCodes, type Input } from '../io.ts'
import type { Toolbox } from '../toolbox.ts'

export async function simulate(tools: Toolbox, options: SimulatorOptions): Promise<ExitCode> {
  const { io, json } = tools
  const host = options.host ?? '127.0.0.1'
  const port = wholeNumber('--port', options.port ?? '4002', 65_535)
  let end: (code: number) => void = () => {}
  const ended = new Promise<number>((resolve) => {
    end = resolve
  })
  const gateway = await startSimulatedGateway({
    username: options.user,
    password: io.env.SIM_PASSWORD ?? 'sim',
    tradingMode: options.mode,
    host,
    port,
    ...seconds(
      'loginSeconds',
      '--login-seconds (SIM_LOGIN_SECONDS)',
      options.loginSeconds ?? io.env.SIM_LOGIN_SECONDS,
    ),
    ...seconds(
      'twofaSeconds',
      '--twofa-seconds (SIM_TWOFA_SECONDS)',
      options.twofaSeconds ?? io.env.SIM_TWOFA_SECONDS,
    ),
    ...seconds(
      'restartSeconds',
      '--restart-seconds (SIM_RESTART_SECONDS)',
      options.restartSeconds ?? io.env.SIM_RESTART_SECONDS,
    ),
    pacing: pacingMode(io.env.IB_PACING || undefined),
    onLog: (line, stream) => io.stdout.write(`${json ? JSON.stringify({ stream, line }) : line}\n`),
    onExit: (code) => end(code),
  }).catch((error: NodeJS.ErrnoException) => {
    throw cannotListen(error, host, port)
  })
  const tell = (text: string) => io.stderr.write(`${text}\n`)
  tell(`simulated gateway of ${options.user} (${options.mode}) on ${host}:${gateway.port}`)
  tell(
    'a fault is one line here, like "drop" or "slow 500", and "violations" lists those of IB\'s limits; Ctrl-C ends it',
  )
  const stopReading = eachLine(io.stdin, (line) => inject(gateway, line, tell))
  let stopped = false
  const stop = () => {
    stopped = true
    void gateway.terminate()
  }
  io.signal?.addEventListener('abort', stop, { once: true })
  if (io.signal?.aborted) stop()
  const code = await ended
  io.signal?.removeEventListener('abort', stop)
  stopReading()
  tell(`the gateway ended with exit code ${code}`)
  return stopped || code === 0 ? exitCodes.ok : exitCodes.failed
}

function inject(gateway: SimulatedGateway, line: string, tell: (text: string) => void): void {
  const [name, value] = line.trim().split(/\s+/, 2)
  if (!name) return
  if (name === 'violations') {
    for (const { rule, clientId, request } of gateway.violations)
      tell(`client ${clientId}, ${rule}: ${request}`)
    return
  }
  try {
    gateway.fault(name, value)
    tell(`fault: ${line.trim()}`)
  } catch (error) {
    tell(messageOf(error))
  }
}

/** Calls back with each complete line until the returned function is called. */
function eachLine(input: Input, onLine: (line: string) => void): () => void {
  let rest = ''
  const onData = (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  }
  input.setEncoding('utf8')
  input.on('data', onData)
  return () => {
    input.off('data', onData)
    input.pause()
  }
}

function wholeNumber(option: string, text: string, max: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value <= max) return value
  throw new CliError('usage', `${option} takes a number from 0 to ${max}, got "${text}"`)
}

function pacingMode(text = 'strict'): PacingMode {
  if (text === 'strict' || text === 'relaxed') return text
  throw new CliError('usage', `IB_PACING takes strict or relaxed, got "${text}"`)
}

function seconds<K extends string>(key: K, option: string, text: string | undefined): { [P in K]?: number } {
  if (!text) return {}
  if (/^\d+(\.\d+)?$/.test(text)) return { [key]: Number(text) } as { [P in K]?: number }
  throw new CliError('usage', `${option} takes seconds, got "${text}"`)
}

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): CliError {
  const taken = error.code === 'EADDRINUSE'
  return new CliError(
    'failed',
    `cannot listen on ${host}:${port}: ${taken ? 'something else does' : error.message}`,
    { hint: '--port picks another port, 0 any free one', code: error.code ?? 'FAILED', cause: error },
  )
}
