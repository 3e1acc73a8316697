// A TWS server of a few lines that misbehaves byte by byte, as no simulated gateway would. Shares no code with client or simulator.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

export const frame = (...fields: Array<string | number>) => frameOf(fields)

export function frameOf(fields: ReadonlyArray<string | number>): Buffer {
  const payload = Buffer.from(fields.map((field) => `${field}\0`).join(''))
  return Buffer.concat([length(payload.length), payload])
}

export function length(bytes: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32BE(bytes)
  return buffer
}

export const handshake = (version: number | string = 193) => frame(version, '20261120 20:31:27 EST')
export const accounts = frame(15, 1, 'DU1234567,')
export const orderId = frame(9, 1, 17)

export interface TwsStub {
  readonly port: number
  readonly sockets: Socket[]
}

/** `onHello` runs when `API\0…` has come, `onStart` at START_API; later frames are only counted as bytes. */
export async function startTwsStub(
  t: Test,
  script: {
    onConnect?(socket: Socket): void
    onHello?(socket: Socket): void
    onStart?(socket: Socket): void
  },
): Promise<TwsStub> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    let stage = 0
    socket.on('data', () => {
      stage++
      if (stage === 1) (script.onHello ?? ((to) => to.write(handshake())))(socket)
      else if (stage === 2) script.onStart?.(socket)
    })
    script.onConnect?.(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, sockets }
}
