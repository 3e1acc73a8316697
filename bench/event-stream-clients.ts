// The clients of bench/event-stream, in a process of their own: each reads its stream, counts, and notes how late things come.
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'

export interface ClientsTask {
  readonly port: number
  readonly token: string
  readonly clients: number
}
export interface ClientsSaw {
  /** Events of the history over all clients. */
  readonly events: number
  readonly gateways: number
  readonly bytes: number
  /** From the event's own time to its arrival, milliseconds. */
  readonly medianMs: number
  readonly p99Ms: number
  /** When the last client was told that a gateway is not RUNNING, milliseconds since the epoch; by follower. */
  readonly lostAt: Readonly<Record<string, number>>
}

const path = '/api/v1/events/stream?include=history,gateways,alerts'
let saw = nothing()

function nothing() {
  return { lateMs: [] as number[], gateways: 0, bytes: 0, lostAt: {} as Record<string, number> }
}

process.once('message', async ({ port, token, clients }: ClientsTask) => {
  for (let n = 0; n < clients; n++) await follow(port, token)
  // From now on it is asked what was seen since the last time.
  process.on('message', () => {
    const { lateMs, gateways, bytes, lostAt } = saw
    saw = nothing()
    const sorted = lateMs.sort((a, b) => a - b)
    const share = (part: number) => sorted[Math.floor(sorted.length * part)] ?? 0
    const told: ClientsSaw = {
      events: sorted.length,
      gateways,
      bytes,
      medianMs: share(0.5),
      p99Ms: share(0.99),
      lostAt,
    }
    process.send?.(told)
  })
  process.send?.('following')
})
process.on('disconnect', () => process.exit())

/** Resolves once the stream has told all that is. */
async function follow(port: number, token: string): Promise<void> {
  const sent = request({ port, path, headers: { authorization: `Bearer ${token}` } }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  if (response.statusCode !== 200) throw new Error(`the stream answers ${response.statusCode}`)
  let rest = ''
  const up = new Set<string>()
  await new Promise<void>((resolve) => {
    response.setEncoding('utf8').on('data', (chunk: string) => {
      saw.bytes += chunk.length
      const pieces = (rest + chunk).split('\n\n')
      rest = pieces.pop() ?? ''
      for (const piece of pieces) {
        if (piece.startsWith('id: ')) noteEvent(piece)
        else if (piece.startsWith('event: gateway\n')) noteGateway(piece, up)
        else if (piece.startsWith('event: synced\n')) resolve()
      }
    })
  })
}

function noteGateway(piece: string, up: Set<string>): void {
  const [, id = '', status] = /"followerId":"([^"]+)","status":"([^"]+)"/.exec(piece) ?? []
  saw.gateways++
  if (status === 'RUNNING') up.add(id)
  else if (up.delete(id)) saw.lostAt[id] = Date.now()
}

function noteEvent(piece: string): void {
  const at = /"at":"([^"]+)"/.exec(piece)?.[1] ?? ''
  saw.lateMs.push(Date.now() - Date.parse(at))
}
