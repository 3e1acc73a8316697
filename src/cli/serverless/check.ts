// `ibgm check`: walks up to an IB API step by step, and where it stops says what that usually means.
import type { IbConnection, IbConnector, IbContract, IbNotice, IbStep, IbWelcome } from '../../ports/ib.ts'
import type { CheckOptions } from '../commands/serverless.ts'
import { CliError, type ExitCode, exitCodes } from '../io.ts'
import { type Colour, printable } from '../terminal.ts'
import type { Toolbox } from '../toolbox.ts'
import { type Diagnosis, diagnose, noQuote, type Trouble } from './diagnosis.ts'

export interface CheckRequest {
  readonly host: string
  readonly port: number
  readonly clientId: number
  readonly contract: IbContract
  /** For each step. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/** One thing that was seen, or the step at which it ended. */
export interface Finding {
  readonly step: 'port' | 'handshake' | 'accounts' | 'market-data'
  readonly ok: boolean
  readonly detail: string
  readonly tookMs: number
  /** What to do; only on a failed step. */
  readonly action?: string
}

export async function check(
  tools: Toolbox,
  host: string,
  port: string,
  options: CheckOptions,
): Promise<ExitCode> {
  const { ibConnector } = await import('../../adapters/ib/connector.ts')
  const request: CheckRequest = {
    host,
    port: within('PORT', port, 1, 65_535),
    clientId: within('--client-id', options.clientId, 0, 2 ** 31 - 1),
    timeoutMs: within('--timeout', options.timeout, 1, 600) * 1000,
    contract: options.symbol
      ? { symbol: options.symbol, secType: 'STK', exchange: 'SMART', currency: 'USD' }
      : { symbol: 'EUR', secType: 'CASH', exchange: 'IDEALPRO', currency: 'USD' },
    ...(tools.io.signal ? { signal: tools.io.signal } : {}),
  }
  const findings: Finding[] = []
  const exitCode = await checkGateway(ibConnector(), request, (finding) => {
    findings.push(finding)
    tools.say(...findingLines(finding, tools))
  })
  tools.answer({ host, port: request.port, ok: exitCode === exitCodes.ok, steps: findings }, () => [])
  return exitCode
}

function findingLines({ step, ok, detail, tookMs, action }: Finding, { paint }: Toolbox): string[] {
  const [word, colour]: [string, Colour] = ok ? ['ok    ', 'green'] : ['failed', 'red']
  return [
    `${paint(colour, word)}  ${step.padEnd(12)}${printable(detail)} (${Math.round(tookMs)} ms)`,
    ...(action ? [`        what to do: ${action}`] : []),
  ]
}

function within(name: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw new CliError('usage', `${name} takes a number from ${min} to ${max}, got "${text}"`)
}

/** Reports each step as it is seen. 3 when nothing takes the connection, 1 when a later step fails. */
export async function checkGateway(
  connector: IbConnector,
  request: CheckRequest,
  report: (finding: Finding) => void,
): Promise<ExitCode> {
  let stepStartedAt = performance.now()
  const took = () => {
    const now = performance.now()
    const ms = now - stepStartedAt
    stepStartedAt = now
    return ms
  }
  const fail = (step: Finding['step'], { detail, action, exitCode }: Diagnosis) => {
    report({ step, ok: false, detail, action, tookMs: took() })
    return exitCode
  }
  const where = `${request.host}:${request.port}`
  const attempt = connect(connector, request, (step) => {
    if (step === 'handshake') report({ step: 'port', ok: true, detail: `${where} accepts`, tookMs: took() })
    if (step === 'accounts')
      report({ step: 'handshake', ok: true, detail: 'an IB API answers', tookMs: took() })
  })
  try {
    const welcome = await attempt.welcome
    const { accounts, serverVersion } = welcome
    report({
      step: 'accounts',
      ok: true,
      detail: `${accounts.join(', ')}; server version ${serverVersion}`,
      tookMs: took(),
    })
  } catch (error) {
    const trouble = error as Trouble
    const exitCode = fail(findingStep[trouble.step], diagnose(trouble, request))
    await attempt.connection.close()
    return exitCode
  }
  try {
    const signals = [AbortSignal.timeout(request.timeoutMs), ...(request.signal ? [request.signal] : [])]
    const quote = await attempt.connection.request('quote', request.contract, AbortSignal.any(signals))
    report({
      step: 'market-data',
      ok: true,
      detail: `${contractName(request.contract)} ${quoteText(quote)}`,
      tookMs: took(),
    })
    return exitCodes.ok
  } catch (error) {
    const what = `no quote for ${contractName(request.contract)}: ${(error as Error).message}`
    return fail('market-data', noQuote(what, attempt.notices))
  } finally {
    await attempt.connection.close()
  }
}

const findingStep: Readonly<Record<IbStep, Finding['step']>> = {
  socket: 'port',
  handshake: 'handshake',
  accounts: 'accounts',
  'order-id': 'accounts',
}

/** `welcome` rejects with a Trouble: where it stopped and how. */
function connect(
  connector: IbConnector,
  request: CheckRequest,
  onStep: (step: IbStep) => void,
): { connection: IbConnection; welcome: Promise<IbWelcome>; notices: readonly IbNotice[] } {
  let resolve: (welcome: IbWelcome) => void = () => {}
  let reject: (trouble: Trouble) => void = () => {}
  const welcome = new Promise<IbWelcome>((...settle) => {
    ;[resolve, reject] = settle
  })
  let step: IbStep = 'socket'
  const notices: IbNotice[] = []
  const lateAt = () => reject({ step, how: 'timeout', notices })
  let deadline = setTimeout(lateAt, request.timeoutMs)
  const interrupted = () => reject({ step, how: 'interrupted', notices })
  request.signal?.addEventListener('abort', interrupted, { once: true })
  const done = () => {
    clearTimeout(deadline)
    request.signal?.removeEventListener('abort', interrupted)
  }
  const connection = connector.open(request, {
    onStep(next) {
      step = next
      clearTimeout(deadline)
      deadline = setTimeout(lateAt, request.timeoutMs)
      onStep(next)
    },
    onReady: (answer) => resolve(answer),
    onNotice: (notice) => notices.push(notice),
    onClosed: (error) => reject({ step, how: 'closed', error, notices }),
  })
  return { connection, welcome: welcome.finally(done), notices }
}

function contractName({ symbol, currency, secType }: IbContract): string {
  return secType === 'CASH' ? `${symbol}.${currency}` : `${symbol}`
}

// IB tick types: 1 bid, 2 ask, 4 last, 9 close; 66, 67, 68 and 75 are their delayed ones.
const tickNames = new Map([
  [1, 'bid'],
  [2, 'ask'],
  [4, 'last'],
  [9, 'close'],
  [66, 'delayed bid'],
  [67, 'delayed ask'],
  [68, 'delayed last'],
  [75, 'delayed close'],
])

function quoteText(quote: ReadonlyMap<number, number>): string {
  const prices = [...tickNames].flatMap(([type, name]) =>
    quote.has(type) ? [`${name} ${quote.get(type)}`] : [],
  )
  return prices.length > 0 ? prices.join(', ') : 'answered without a price (market closed?)'
}
