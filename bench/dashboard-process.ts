// The served side of bench/dashboard, in a process of its own: the built page, and a stream of a made-up fleet whose hearts beat.
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import { dashboard } from '../routes/dashboard.ts'
import type { Gateway, GatewayPhase, GatewayStatus } from '../schemas/gateway.ts'

export interface DashboardTask {
  readonly webDir: string
  readonly gateways: number
  /** Each is one gateway that is told anew, by turns. */
  readonly heartbeatsPerSecond: number
}

const ticksPerSecond = 20

process.once('message', async (task: DashboardTask) => {
  process.send?.({ port: await serve(task) })
})
process.on('disconnect', () => process.exit())

async function serve({ webDir, gateways: count, heartbeatsPerSecond }: DashboardTask): Promise<number> {
  const app = fastify()
  const gateways = Array.from({ length: count }, (_, index) => madeUp(index))
  const readers = new Set<ServerResponse>()
  await app.register(dashboard, { webDir })
  app.get('/api/v1/events/stream', (_request, reply) => {
    reply.hijack()
    const { raw } = reply
    raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    raw.write('retry: 2000\n:\n\n')
    for (const gateway of gateways) raw.write(told('gateway', gateway))
    raw.write(told('synced', { asOf: new Date().toISOString() }))
    readers.add(raw)
    raw.once('close', () => readers.delete(raw))
  })
  let next = 0
  let owed = 0
  setInterval(() => {
    for (owed += heartbeatsPerSecond / ticksPerSecond; owed >= 1; owed--) {
      const index = next++ % count
      const gateway = { ...(gateways[index] as Gateway), lastHeartbeatAt: new Date().toISOString() }
      gateways[index] = gateway
      for (const reader of readers) reader.write(told('gateway', gateway))
    }
  }, 1000 / ticksPerSecond)
  await app.listen({ host: '127.0.0.1', port: 0 })
  return (app.server.address() as AddressInfo).port
}

const told = (event: string, data: object) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

/** Most run; every fiftieth needs a person, every twentieth is on its way. */
function madeUp(index: number): Gateway {
  const id = `follower-${String(index + 1).padStart(4, '0')}`
  const at = new Date(Date.now() - index * 60_000).toISOString()
  const [status, phase]: [GatewayStatus, GatewayPhase] =
    index % 50 === 0
      ? ['FAILED', 'locked']
      : index % 20 === 1
        ? ['STARTING', 'logging-in']
        : ['RUNNING', 'ready']
  const running = status === 'RUNNING'
  return {
    followerId: id,
    name: `Account ${index + 1}`,
    tradingMode: index % 3 === 0 ? 'live' : 'paper',
    status,
    phase,
    healthy: running,
    connected: running,
    since: at,
    desired: 'running',
    ...(phase === 'locked' && {
      reason: {
        code: 'CREDENTIALS_REJECTED',
        message: 'IBKR rejected the username or the password.',
        action: 'Correct the stored credentials.',
      },
    }),
    containerId: `container-of-${id}`,
    containerName: `ibgateway-follower-${id}`,
    endpoint: { host: '127.0.0.1', port: 4100 + index },
    clientId: 1000 + index,
    accounts: running ? [`DU${1_000_000 + index}`] : [],
    startedAt: at,
    ...(running && { connectedAt: at, lastHeartbeatAt: new Date().toISOString(), heartbeatRttMs: 0.8 }),
    reconnects: 0,
    restarts: 0,
    connectionFailures: 0,
    conditions: [],
    drift: false,
  }
}
