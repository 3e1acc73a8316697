// Load on an HTTP server: connections that each send their next request once they have the answer. Spends far less than any server it asks, so that
// on two cores it is the server that is measured.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createHistogram } from 'node:perf_hooks'

export interface HttpLoad {
  readonly perSecond: number
  readonly p99Ms: number
  /** Answers other than 200. */
  readonly refused: number
}

/** `requests`, each whole and without a body, are sent in turn. Answers must have a content-length. */
export async function loadHttp(options: {
  readonly port: number
  readonly connections: number
  readonly forMs: number
  readonly requests: readonly string[]
}): Promise<HttpLoad> {
  const { port, connections, forMs, requests } = options
  const latency = createHistogram()
  let sent = 0
  let refused = 0
  const startedAt = performance.now()

  async function ask(): Promise<void> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true }).setEncoding('latin1')
    await once(socket, 'connect')
    try {
      while (performance.now() - startedAt < forMs) {
        const text = requests[sent++ % requests.length] ?? ''
        const sentAt = performance.now()
        if (!(await answered(socket, text)).startsWith('HTTP/1.1 200')) refused++
        latency.record(Math.max(1, Math.round((performance.now() - sentAt) * 1e6)))
      }
    } finally {
      socket.destroy()
    }
  }

  await Promise.all(Array.from({ length: connections }, ask))
  const tookSeconds = (performance.now() - startedAt) / 1000
  return { perSecond: latency.count / tookSeconds, p99Ms: latency.percentile(99) / 1e6, refused }
}

function answered(socket: Socket, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const onData = (chunk: string) => {
      text += chunk
      if (isWhole(text)) settle(() => resolve(text))
    }
    const onClose = () => settle(() => reject(new Error('the server has closed a connection')))
    const settle = (outcome: () => void) => {
      socket.off('data', onData).off('close', onClose)
      outcome()
    }
    socket.on('data', onData).on('close', onClose)
    socket.write(request)
  })
}

function isWhole(text: string): boolean {
  const bodyAt = text.indexOf('\r\n\r\n') + 4
  if (bodyAt < 4) return false
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, bodyAt))?.[1])
  return text.length - bodyAt >= length
}
