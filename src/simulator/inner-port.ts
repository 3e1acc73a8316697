// The port inside the image, on loopback: open only while somebody is logged in. The outer one, which socat has in the real image, always accepts.
import { connect, createServer, type Server } from 'node:net'

/** Opens and closes `port` on 127.0.0.1, which leads to `outerPort`. That something else has the port is only told. */
export function innerPort(port: number, outerPort: number, tell: (line: string) => void) {
  let server: Server | undefined
  return (isOpen: boolean): void => {
    server?.close()
    server = undefined
    if (!isOpen) return
    server = createServer((client) => {
      const gateway = connect(outerPort, '127.0.0.1')
      client.on('error', () => gateway.destroy()).on('close', () => gateway.destroy())
      gateway.on('error', () => client.destroy()).on('close', () => client.destroy())
      client.pipe(gateway).pipe(client)
    })
    server.on('error', (error) => tell(`inner port ${port}: ${error.message}`))
    server.listen(port, '127.0.0.1')
  }
}
