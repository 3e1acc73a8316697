// A process of malicious gateways, so that what they do costs nobody else's time: prints `{"<deed>": <port>}` and serves until it is killed.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { type Deed, everyDeed } from './malicious-deeds.ts'
import { accounts, frame, handshake, orderId } from './tws-stub.ts'

const heartbeat = Buffer.from('49\x001\x00')

async function start({ at, run }: Deed): Promise<number> {
  const server = createServer((socket: Socket) => {
    socket.on('error', () => {})
    let stage = 0
    socket.on('data', (bytes) => {
      stage += 1
      if (stage === 1 && at === 'hello') run(socket)
      else if (stage === 1) socket.write(handshake())
      else if (stage === 2 && at === 'start') run(socket)
      else if (stage === 2) {
        socket.write(Buffer.concat([accounts, orderId]))
        setTimeout(() => run(socket), 20)
      } else if (bytes.includes(heartbeat)) socket.write(frame(49, 1, 1_700_000_000))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const ports = await Promise.all(
  Object.entries(everyDeed).map(async ([name, deed]) => [name, await start(deed)] as const),
)
process.stdout.write(`${JSON.stringify(Object.fromEntries(ports))}\n`)
