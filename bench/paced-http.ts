// HTTP requests at a steady pace, whether or not the ones before were answered: how long answers take on a server that has other work, too.
import { Agent, get } from 'node:http'

export interface Paced {
  readonly path: string
  readonly everyMs: number
}
export interface PacedAnswers {
  readonly count: number
  readonly p99Ms: number
  readonly mostMs: number
  readonly bytes: number
  /** Answers other than 200. */
  readonly refused: number
}

/** By path. Times are from the sending to the last byte. */
export async function askAtPace(options: {
  readonly port: number
  readonly token: string
  readonly forMs: number
  readonly requests: readonly Paced[]
}): Promise<Record<string, PacedAnswers>> {
  const agent = new Agent({ keepAlive: true })
  const told = options.requests.map(async ({ path, everyMs }, index) => {
    // Not all at the same moment, each time anew.
    await pause((everyMs * index) / options.requests.length)
    return [path, await askOne({ ...options, agent, path, everyMs })] as const
  })
  try {
    return Object.fromEntries(await Promise.all(told))
  } finally {
    agent.destroy()
  }
}

async function askOne(options: {
  readonly agent: Agent
  readonly port: number
  readonly token: string
  readonly forMs: number
  readonly path: string
  readonly everyMs: number
}): Promise<PacedAnswers> {
  const { agent, port, token, forMs, path, everyMs } = options
  const startedAt = performance.now()
  const took: number[] = []
  const asking: Array<Promise<void>> = []
  let [bytes, refused] = [0, 0]
  const ask = (): Promise<void> =>
    new Promise<void>((resolve, reject) => {
      const sentAt = performance.now()
      const headers = { authorization: `Bearer ${token}` }
      const request = get({ host: '127.0.0.1', port, path, agent, headers }, (response) => {
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length
        })
        response.on('end', () => {
          took.push(performance.now() - sentAt)
          if (response.statusCode !== 200) refused++
          resolve()
        })
      })
      request.on('error', (err: NodeJS.ErrnoException) => {
        // The server may close an idle connection just as it is taken up again.
        if (request.reusedSocket && err.code === 'ECONNRESET') ask().then(resolve, reject)
        else reject(err)
      })
    })
  for (let n = 0; performance.now() - startedAt < forMs; n++) {
    asking.push(ask())
    await pause(startedAt + (n + 1) * everyMs - performance.now())
  }
  await Promise.all(asking)
  const sorted = took.sort((a, b) => a - b)
  const [p99Ms = 0, mostMs = 0] = [sorted[Math.floor(sorted.length * 0.99)], sorted.at(-1)]
  return { count: sorted.length, p99Ms, mostMs, bytes: bytes / Math.max(1, sorted.length), refused }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)))
