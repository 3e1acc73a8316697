// A collector's end of OTLP over HTTP: a real server that keeps the JSON it gets and answers as a test wants.
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import type { Test } from 'tap'

export interface Collected {
  readonly path: string | undefined
  readonly headers: IncomingHttpHeaders
  // biome-ignore lint/suspicious/noExplicitAny: OTLP's JSON, which each test looks into
  readonly body: any
}

export interface Collector {
  readonly url: string
  readonly got: Collected[]
  /** How it answers from now on. */
  respond: (response: ServerResponse) => void
}

export async function collector(t: Test): Promise<Collector> {
  const got: Collected[] = []
  const server = createServer(async (request, response) => {
    const { url: path, headers } = request
    got.push({ path, headers, body: await json(request) })
    made.respond(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  const made: Collector = {
    url: `http://127.0.0.1:${port}`,
    got,
    respond: (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
  }
  return made
}
