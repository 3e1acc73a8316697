// IBC's command server on TCP: one command a line, replies by line, EXIT closes.
import { createServer, type Server, type Socket } from 'node:net'

/** Serves `run` on `host:port`; `run` gets one command and gives the reply's lines. */
export function startCommandServer(
  host: string,
  port: number,
  run: (command: string) => Promise<string>,
): Promise<Server> {
  const server = createServer((socket) => serve(socket, run))
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve(server))
  })
}

function serve(socket: Socket, run: (command: string) => Promise<string>): void {
  let rest = ''
  socket.setEncoding('utf8')
  socket.on('error', () => {})
  socket.on('data', async (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const command = line.trim()
      if (command === '') continue
      const reply = await run(command).catch((error: Error) => `ERROR ${error.message}`)
      socket.write(`${reply}\n`)
      if (command.toUpperCase() === 'EXIT') socket.end()
    }
  })
}
