// The forwarder, or the target behind it, in a process of its own, for bench/forwarder.ts.
import { type AddressInfo, createServer } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { systemClock } from '../src/adapters/system-clock.ts'
import { startForwarder } from '../src/forwarder/forwarder.ts'

/** `pour` sends to whoever connects as fast as they read; `echo` sends back what it gets. */
export type ForwarderTask =
  | { readonly kind: 'pour' | 'echo' }
  | { readonly kind: 'forwarder'; readonly target: number }

export type ForwarderAnswer = { readonly port: number } | { readonly loopP99Ms: number }

/** Included in the delay that Node's meter tells. */
const meterMs = 5

process.once('message', async (task: ForwarderTask) => {
  answer({ port: task.kind === 'forwarder' ? await forward(task.target) : await target(task.kind) })
})
process.once('disconnect', () => process.exit())

async function forward(targetPort: number): Promise<number> {
  const { addresses } = await startForwarder({
    listen: { host: '127.0.0.1', port: 0 },
    target: { host: '127.0.0.1', port: targetPort },
    clock: systemClock(),
    tell: () => {},
  })
  const delay = monitorEventLoopDelay({ resolution: meterMs })
  delay.enable()
  process.on('message', () => answer({ loopP99Ms: delay.percentile(99) / 1e6 }))
  return addresses[0]?.port ?? 0
}

async function target(kind: 'pour' | 'echo'): Promise<number> {
  const block = Buffer.alloc(256 * 1024, 'bar')
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {})
    if (kind === 'echo') {
      socket.pipe(socket)
      return
    }
    const pour = () => {
      while (!socket.destroyed && socket.write(block));
    }
    socket.on('drain', pour).resume()
    pour()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

function answer(message: ForwarderAnswer): void {
  process.send?.(message)
}
