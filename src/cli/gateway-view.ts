// How a gateway reads on a terminal: one row, its reason under it, and the words for waiting. Pure; the demo shows the same.
import type { Gateway, GatewayStatusView, Reason } from '../../schemas/gateway.ts'
import { approvalEnd } from './attention.ts'
import {
  age,
  type Cell,
  type Colour,
  counted,
  duration,
  type Paint,
  printable,
  type Row,
  renderTable,
} from './terminal.ts'

const colours: Readonly<Record<Gateway['status'], Colour>> = {
  RUNNING: 'green',
  STARTING: 'cyan',
  STOPPED: 'dim',
  FAILED: 'red',
}

/** Status in its colour; a degraded gateway runs, but somebody should look. */
export function statusCell({ status, phase }: Pick<Gateway, 'status' | 'phase'>): Cell {
  return { text: status, colour: phase === 'degraded' ? 'yellow' : colours[status] }
}

/** Reason and action, as the lines under a gateway. */
export function reasonLines(reason: Reason | undefined): string[] {
  if (reason === undefined) return []
  return [`${reason.code}: ${reason.message}`, ...(reason.action ? [`what to do: ${reason.action}`] : [])]
}

/** What a gateway waits for, and until when. */
export type Waiting = Pick<Gateway, 'phase' | 'progress' | 'deadline' | 'pushExpiresAt' | 'retryAt'>

/** What is going on inside a phase: the share pulled, the time left for 2FA, the next try. */
export function phaseNote(gateway: Waiting, now: number): string | undefined {
  if (gateway.progress) return gateway.progress
  const end = approvalEnd(gateway)
  if (end) return `approve in IBKR Mobile within ${secondsUntil(end, now)}s`
  if (gateway.retryAt) return `next try in ${secondsUntil(gateway.retryAt, now)}s`
  return undefined
}

export function secondsUntil(time: string, now: number): number {
  return Math.max(0, Math.ceil((Date.parse(time) - now) / 1000))
}

/** Reasons and what to do are wrapped to `columns`, where that is given. */
export function gatewayTable(
  gateways: readonly Gateway[],
  now: number,
  paint: Paint,
  columns?: number,
): string[] {
  const rows = gateways.flatMap((gateway): Row[] => {
    const note = phaseNote(gateway, now)
    const troubled = gateway.status !== 'RUNNING'
    return [
      [
        { text: gateway.followerId, colour: 'bold' },
        statusCell(gateway),
        `${gateway.phase} ${age(gateway.since, now)}`,
        gateway.endpoint ? `${gateway.endpoint.host}:${gateway.endpoint.port}` : '-',
        gateway.accounts.join(',') || '-',
        gateway.heartbeatRttMs === undefined ? '-' : `${gateway.heartbeatRttMs.toFixed(1)} ms`,
        String(gateway.reconnects),
        String(gateway.restarts),
      ],
      ...(note ? [{ note, colour: 'cyan' } as const] : []),
      ...(troubled ? reasonLines(gateway.reason) : []).map(
        (text) => ({ note: text, colour: 'yellow' }) as const,
      ),
    ]
  })
  return renderTable(
    ['FOLLOWER', 'STATUS', 'PHASE', 'ENDPOINT', 'ACCOUNTS', 'RTT', 'RECONNECTS', 'RESTARTS'],
    rows,
    paint,
    columns,
  )
}

/** `3 gateways: 2 RUNNING, 1 FAILED`. */
export function fleetLine(gateways: ReadonlyArray<Pick<GatewayStatusView, 'status'>>): string {
  const words = (['RUNNING', 'STARTING', 'STOPPED', 'FAILED'] as const)
    .map((status) => ({ status, count: gateways.filter((gateway) => gateway.status === status).length }))
    .filter(({ count }) => count > 0)
    .map(({ status, count }) => `${count} ${status}`)
  return `${counted(gateways.length, 'gateway')}${words.length > 0 ? `: ${words.join(', ')}` : ''}`
}

/** What is told of a gateway on its way; of a phase that was over before anyone looked, the history knows no more than the first four. */
export type GatewayProgress = Pick<Gateway, 'followerId' | 'status'> & {
  readonly reason?: Pick<Reason, 'code'>
} & Waiting

/** One change of one gateway: when, who, and where it is now. */
export function progressLine(gateway: GatewayProgress, elapsedMs: number, paint: Paint): string {
  const note = phaseNote(gateway, Date.now())
  const why = gateway.reason && gateway.status !== 'RUNNING' ? ` (${gateway.reason.code})` : ''
  const { colour } = statusCell(gateway)
  const phase = colour ? paint(colour, gateway.phase) : gateway.phase
  const id = paint('bold', printable(gateway.followerId))
  return `${duration(elapsedMs).padStart(6)}  ${id}  ${phase}${why}${note ? `, ${printable(note)}` : ''}`
}
