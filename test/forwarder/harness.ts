// Real sockets around a forwarder: targets, clients, and what it tells.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { Test } from 'tap'
import { systemClock } from '../../src/adapters/system-clock.ts'
import type { Endpoint } from '../../src/forwarder/addresses.ts'
import type { ForwarderEvent } from '../../src/forwarder/events.ts'
import { type Forwarder, type ForwarderOptions, startForwarder } from '../../src/forwarder/forwarder.ts'

export interface Target extends Endpoint {
  readonly server: Server
  /** Every connection that came, oldest first. */
  readonly sockets: Socket[]
  close(): Promise<void>
}

/** A server that does `serve` with whoever comes; nothing by itself. */
export async function target(t: Test, serve: (socket: Socket) => void = () => {}, port = 0): Promise<Target> {
  const sockets: Socket[] = []
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    serve(socket)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
  t.teardown(close)
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, server, sockets, close }
}

export const echo = (socket: Socket) => void socket.pipe(socket)

export interface Started extends Forwarder {
  readonly told: ForwarderEvent[]
  readonly port: number
}

export async function forwarder(
  t: Test,
  to: Endpoint,
  options: Partial<ForwarderOptions> = {},
): Promise<Started> {
  const told: ForwarderEvent[] = []
  const started = await startForwarder({
    listen: { port: 0 },
    target: { host: to.host, port: to.port },
    clock: systemClock(),
    tell: (event) => told.push(event),
    ...options,
  })
  t.teardown(() => started.close())
  return Object.create(started, {
    told: { value: told },
    port: { value: started.addresses[0]?.port },
  }) as Started
}

/** A connection that may be half open. */
export async function client(t: Test, port: number, host = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ host, port, allowHalfOpen: true })
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** A connection of somebody who may be sent away, even before they know that they are connected. */
export async function knock(t: Test, port: number, saying = ''): Promise<{ received: string }> {
  const socket = connect({ host: '127.0.0.1', port })
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  if (saying) socket.write(saying)
  return gone(socket)
}

/** Everything that comes until the other side ends; rejects when it breaks. Iterating would close the socket then. */
export function all(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk
    })
    if (socket.readableEnded) resolve(received)
    else socket.once('end', () => resolve(received))
    socket.once('error', reject)
  })
}

/** Resolves when a socket is gone: whether it broke, and what it had received. */
export function gone(socket: Socket): Promise<{ broken: boolean; received: string }> {
  return new Promise((resolve) => {
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk
    })
    // An end that came while nobody listened is not told again.
    if (socket.readableEnded) socket.end()
    else socket.once('end', () => socket.end())
    const settle = () => resolve({ broken: socket.errored !== null, received })
    if (socket.closed) settle()
    else socket.once('close', settle)
  })
}

export const events = ({ told }: Started) => told.map(({ event }) => event)
