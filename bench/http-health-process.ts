// The served side of bench/http-health, in a process of its own: the whole manager with many followers, or one bare Fastify route.
import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import { startServer } from '../src/server/server.ts'

export type HealthTask =
  | { readonly kind: 'manager'; readonly env: Record<string, string>; readonly ids: readonly string[] }
  | { readonly kind: 'bare'; readonly body: object }

const patienceMs = 300_000
const caller = { actor: 'bench' }

process.once('message', async (task: HealthTask) => {
  process.send?.({ port: task.kind === 'manager' ? await serveManager(task) : await serveBare(task.body) })
})
process.on('disconnect', () => process.exit())

/** Listens once every gateway is RUNNING. */
async function serveManager({ env, ids }: Extract<HealthTask, { kind: 'manager' }>): Promise<number> {
  const { fleet, url } = await startServer({ env })
  for (const id of ids) {
    await fleet.createFollower({ id, enabled: false }, caller)
    await fleet.putCredentials(id, { username: id, password: 'sim' }, caller)
    await fleet.patchFollower(id, { enabled: true }, caller)
  }
  const launches = ids.map((id) => fleet.launchGateway(id, { ...caller, waitMs: patienceMs }))
  const failed = (await Promise.all(launches)).filter(({ outcome }) => outcome !== 'done')
  if (failed.length > 0) throw new Error(`not RUNNING: ${JSON.stringify(failed[0]?.gateway)}`)
  return Number(new URL(url).port)
}

/** As little as Fastify can do for the same answer. */
async function serveBare(body: object): Promise<number> {
  const app = fastify()
  app.get('/api/v1/gateways/:id/health', () => body)
  await app.listen({ host: '127.0.0.1', port: 0 })
  return (app.server.address() as AddressInfo).port
}
