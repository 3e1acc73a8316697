// How the market data side reads on a terminal: the data connection and the gap filler, in a line each. Pure.
import type { GapFillerStatus } from '../../schemas/market-data.ts'
import type { IbStatus } from '../../schemas/system.ts'
import { age, counted, duration, type Paint, printable } from './terminal.ts'

type DataConnection = IbStatus['dataConnection']

const shortWaitMs = 2_000
const howToConnect = 'DATA_FOLLOWER or IB_HOST names its gateway'

/** Its state, and what is wrong when it is not connected. */
export function dataConnectionLine(connection: DataConnection, now: number, paint: Paint): string {
  const { state, host, port, clientId, lastHeartbeatAt, nextRetryAt, reconnects, lastError } = connection
  if (state === 'disabled') return paint('dim', `data connection: none (${howToConnect})`)
  const colour = state === 'connected' ? 'green' : 'yellow'
  const client = clientId === undefined ? '' : ` as client ${clientId}`
  const place = host === undefined ? '' : ` to ${host}:${port ?? '?'}${client}`
  const facts = {
    connected: [
      `connected${place}`,
      lastHeartbeatAt && `heartbeat ${age(lastHeartbeatAt, now)} ago`,
      reconnects > 0 && counted(reconnects, 'reconnect'),
    ],
    connecting: [`connecting${place}`],
    waiting: ['waiting', nextRetryAt && `next try in ${timeUntil(nextRetryAt, now)}`],
  }[state]
  const words = facts.filter(Boolean).join(', ')
  const why = lastError && state !== 'connected' ? ` (${lastError.code}: ${lastError.message})` : ''
  return `data connection: ${paint(colour, printable(words))}${printable(why)}`
}

/** What the gap filler does now, or has done last, and when it goes on. */
export function gapFillerLine(status: GapFillerStatus, now: number, paint: Paint): string {
  const { enabled, running, gapsFound, gapsFilled, failed, lastScanAt, nextScanAt } = status
  const counts = [
    `${counted(gapsFound, 'gap')} found`,
    `${gapsFilled} filled`,
    failed > 0 ? paint('red', `${failed} failed`) : '0 failed',
  ].join(', ')
  const next = nextScanAt === undefined ? '' : `; next scan in ${timeUntil(nextScanAt, now)}`
  if (running) return `gap filler: ${paint('cyan', gapFillerProgress(status, now) ?? 'running')}; ${counts}`
  const last = lastScanAt === undefined ? 'no scan yet' : `${counts} by the scan ${age(lastScanAt, now)} ago`
  const off = enabled
    ? ''
    : paint('yellow', `; nothing is filled without a data connection (${howToConnect})`)
  return `gap filler: ${last}${next}${off}`
}

/** `filling 3/12 gaps: AAPL 1m; 17 requests left, waits 8s for IB's limits`. The pause before each request is not worth a word. */
export function gapFillerProgress({ current }: GapFillerStatus, now: number): string | undefined {
  if (current === undefined) return undefined
  const { stage, done, total, symbols, requestsLeft, waitingUntil } = current
  const waitsLong = waitingUntil !== undefined && Date.parse(waitingUntil) - now > shortWaitMs
  const rest = [
    requestsLeft !== undefined && `${counted(requestsLeft, 'request')} left`,
    waitsLong && `waits ${timeUntil(waitingUntil, now)} for IB's limits`,
  ].filter(Boolean)
  return printable(
    [
      `${stage} ${done}/${total} ${stage === 'scanning' ? 'series' : 'gaps'}`,
      symbols.length > 0 ? `: ${symbols.join(', ')}` : '',
      rest.length > 0 ? `; ${rest.join(', ')}` : '',
    ].join(''),
  )
}

/** What went wrong last, of which series. */
export function gapFillerError({ lastError }: GapFillerStatus): string | undefined {
  if (lastError === undefined) return undefined
  const { code, message, symbol, timeframe } = lastError
  const series = symbol === undefined ? '' : ` (${[symbol, timeframe].filter(Boolean).join(' ')})`
  return printable(`${code}${series}: ${message}`)
}

function timeUntil(time: string, now: number): string {
  return duration(Date.parse(time) - now)
}
