// Ports of 127.0.0.1 that nobody listens on, for programs that cannot take port 0.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'

/** In a row, so that they make a range too; below those that systems hand out by themselves. */
export async function freePorts(count: number): Promise<number[]> {
  for (let from = 20_000 + (process.pid % 900) * 10; from < 30_000; from += 10) {
    const ports = Array.from({ length: count }, (_, index) => from + index)
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return ports
  }
  throw new Error('no free ports in a row')
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  server.listen(port, '127.0.0.1')
  const free = await Promise.race([
    once(server, 'listening').then(() => (server.address() as AddressInfo).port === port),
    once(server, 'error').then(() => false),
  ]).catch(() => false)
  if (!free) return false
  server.close()
  await once(server, 'close')
  return true
}

/** Whether something accepts connections there. */
export async function isOpen(port: number, host = '127.0.0.1'): Promise<boolean> {
  const socket = connect({ host, port, timeout: 2_000 })
  try {
    return await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'timeout').then(() => false),
    ])
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
