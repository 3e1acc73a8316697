// A road to the engine that a test can break: TCP in front, the engine's own address behind.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'
import { engineAddress } from '../../src/adapters/docker/engine.ts'

export interface EngineProxy {
  /** For DOCKER_HOST. */
  readonly dockerHost: string
  /** Cuts what is open, and takes no new connections until `mend`. */
  cut(): Promise<void>
  mend(): Promise<void>
  /** Cuts what is open; new connections work. */
  hiccup(): void
  /** Passes nothing on any more, in either direction, and tells nobody. */
  freeze(): void
  /** Swallows the engine's answer to the next request that contains `text`, and cuts that connection. */
  loseAnswerTo(text: string): void
}

export async function engineProxy(t: Test): Promise<EngineProxy> {
  const address = engineAddress(process.env.DOCKER_HOST)
  const open = new Set<Socket>()
  let frozen = false
  let unanswered: string | undefined
  const server = createServer((client) => {
    const engine = 'socketPath' in address ? connect(address.socketPath) : connect(address.port, address.host)
    let swallow = false
    for (const socket of [client, engine]) {
      open.add(socket)
      socket.on('error', () => {}).on('close', () => open.delete(socket))
    }
    client.on('data', (chunk: Buffer) => {
      if (frozen) return
      if (unanswered !== undefined && chunk.includes(unanswered)) {
        unanswered = undefined
        swallow = true
      }
      engine.write(chunk)
    })
    engine.on('data', (chunk: Buffer) => {
      if (swallow) client.destroy()
      else if (!frozen) client.write(chunk)
    })
    client.on('close', () => engine.destroy())
    engine.on('close', () => client.destroy())
  })
  const hiccup = () => {
    for (const socket of open) socket.destroy()
  }
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }
  const close = () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    hiccup()
    return closed
  }
  const port = await listen(0)
  t.teardown(close)
  return {
    dockerHost: `tcp://127.0.0.1:${port}`,
    cut: close,
    async mend() {
      await listen(port)
    },
    hiccup,
    freeze() {
      frozen = true
    },
    loseAnswerTo(text) {
      unanswered = text
    },
  }
}
