// Shows a fleet as it changes: a table that redraws itself on a terminal, else one line for each change.
import { setTimeout as delay } from 'node:timers/promises'
import type { Gateway } from '../../schemas/gateway.ts'
import type { ApiClient } from '../cli/client.ts'
import { fetchGateways } from '../cli/commands/status.ts'
import { fleetLine, gatewayTable, progressLine } from '../cli/gateway-view.ts'
import type { Io, Output } from '../cli/io.ts'
import { painter, printable } from '../cli/terminal.ts'
import { changeOf } from '../cli/wait.ts'

export interface FleetWatch {
  readonly client: ApiClient
  readonly io: Io & { readonly signal: AbortSignal }
  /** As of `performance.now()`; times are shown from here. */
  readonly startedAt: number
  /** A table that redraws itself instead of lines. */
  readonly live: boolean
  /** Views that are no news. */
  readonly known?: readonly Gateway[]
  readonly until: (gateways: readonly Gateway[]) => boolean
  /** For ever when absent. */
  readonly timeoutMs?: number
}

const pollMs = 200

/** Resolves with the last views: when `until` holds, when the time is over, or quietly when the signal aborts. */
export async function watchFleet(watch: FleetWatch): Promise<readonly Gateway[]> {
  const { io, client, timeoutMs = Number.POSITIVE_INFINITY } = watch
  const show = watch.live ? liveTable(io) : changes(io, watch)
  const begun = performance.now()
  let gateways = watch.known ?? []
  while (!io.signal.aborted) {
    try {
      gateways = (await fetchGateways(client)).items
    } catch (error) {
      if (io.signal.aborted) break
      throw error
    }
    show(gateways)
    if (watch.until(gateways) || performance.now() - begun > timeoutMs) break
    await delay(pollMs, undefined, { signal: io.signal }).catch(() => {})
  }
  return gateways
}

function changes(io: Io, { known = [], startedAt }: FleetWatch): (gateways: readonly Gateway[]) => void {
  const paint = painter(io.stdout, io.env)
  const told = new Map(known.map((gateway) => [gateway.followerId, changeOf(gateway)]))
  return (gateways) => {
    for (const gateway of gateways) {
      const news = changeOf(gateway)
      if (told.get(gateway.followerId) === news) continue
      told.set(gateway.followerId, news)
      io.stdout.write(`${progressLine(gateway, performance.now() - startedAt, paint)}\n`)
    }
  }
}

function liveTable(io: Io): (gateways: readonly Gateway[]) => void {
  const paint = painter(io.stdout, io.env)
  let drawn = 0
  return (gateways) => {
    const lines = [...gatewayTable(gateways, Date.now(), paint), fleetLine(gateways)]
    const back = drawn > 0 ? `\x1b[${drawn}A\x1b[J` : ''
    io.stdout.write(`${back}${lines.join('\n')}\n`)
    drawn = lines.reduce((rows, line) => rows + rowsOf(line, io.stdout), 0)
  }
}

/** A line longer than the terminal is wide takes several of its rows. */
function rowsOf(line: string, { columns }: Output): number {
  return Math.max(1, Math.ceil(printable(line).length / (columns || 80)))
}
