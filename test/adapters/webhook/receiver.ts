// A webhook's other end: a real HTTP server that keeps what it gets and answers as a test wants.
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import type { Alert } from '../../../schemas/alert.ts'

/** The secret part of every address here. */
export const canary = 'canary-token'

export interface Receiver {
  readonly url: string
  // biome-ignore lint/suspicious/noExplicitAny: each test knows what it sent
  readonly bodies: any[]
}

/** Answers 204 unless `respond` answers by itself; it is called with the number of the request, from 1. */
export async function receiver(
  t: Test,
  respond: (response: ServerResponse, request: number) => void = (response) => response.writeHead(204).end(),
): Promise<Receiver> {
  const bodies: unknown[] = []
  const server = createServer(async (request, response) => {
    bodies.push(JSON.parse(await text(request)))
    respond(response, bodies.length)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/api/webhooks/1/${canary}`, bodies }
}

export function alert(changes: Partial<Alert> = {}): Alert {
  return {
    id: 'a1',
    key: 'gateway',
    level: 'CRITICAL',
    code: 'BOT',
    title: 'Gateway startup failed after all retries',
    message: 'Bot could not connect to Gateway after 30 attempts (5 minutes).',
    action: 'Check Gateway container logs and IBKR authentication.',
    count: 1,
    raisedAt: '2026-02-10T14:15:00.000Z',
    lastRaisedAt: '2026-02-10T14:15:00.000Z',
    ...changes,
  }
}
