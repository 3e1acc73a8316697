// `npm run demo -- --once`: one follower through launch, health, fault, recovery and stop; each step timed, each proven by the API.
import type { Gateway, GatewayHealth } from '../../schemas/gateway.ts'
import type { ApiClient } from '../cli/client.ts'
import { fetchGateway } from '../cli/gateway-feed.ts'
import { type GatewayProgress, progressLine, reasonLines } from '../cli/gateway-view.ts'
import { duration, type Paint, type Row, renderTable } from '../cli/terminal.ts'
import { waitForGateway, watchGateway } from '../cli/wait.ts'
import { messageOf } from '../ports/errors.ts'
import { type DemoFollower, enable } from './followers.ts'

export interface Drill {
  readonly client: ApiClient
  /** The first is drilled, the others only come up. */
  readonly followers: readonly DemoFollower[]
  readonly signal: AbortSignal
  readonly paint: Paint
  say(line: string): void
}

interface Step {
  readonly name: string
  /** Resolves with what was seen; rejects with what was not. */
  run(): Promise<string>
}

const launchMs = 60_000
const recoveryMs = 60_000
const stopMs = 60_000
const healthMs = 10_000

/** Runs the steps in order; after one that failed the rest are not run. */
export async function runDrill(drill: Drill): Promise<{ lines: string[]; ok: boolean }> {
  const rows: Row[] = []
  let ok = true
  for (const step of steps(drill)) {
    if (!ok) {
      rows.push([step.name, 'not run', '-', { text: '-', colour: 'dim' }])
      continue
    }
    const startedAt = performance.now()
    const took = () => duration(performance.now() - startedAt)
    try {
      const what = await step.run()
      rows.push([step.name, what, took(), { text: 'ok', colour: 'green' }])
    } catch (error) {
      if (drill.signal.aborted) throw error
      ok = false
      const what = messageOf(error)
      rows.push([step.name, what, took(), { text: 'FAILED', colour: 'red' }])
    }
  }
  return { lines: renderTable(['STEP', 'WHAT', 'TOOK', 'OK'], rows, drill.paint), ok }
}

function steps(drill: Drill): Step[] {
  const { client, followers, signal } = drill
  const [subject, ...others] = followers
  if (subject === undefined) return []
  const { id } = subject
  const tell = (gateway: GatewayProgress, elapsedMs: number) =>
    drill.say(progressLine(gateway, elapsedMs, drill.paint))
  const watch = { client, followerId: id, signal, onChange: tell }
  let before: Gateway | undefined
  return [
    {
      name: 'launch',
      async run() {
        const { since } = await fetchGateway(client, id)
        await enable(client, followers)
        const up = await reach({ ...watch, before: since, goal: 'RUNNING', timeoutMs: launchMs })
        return `${id} RUNNING on ${up.endpoint?.host}:${up.endpoint?.port}, account ${up.accounts.join(', ')}`
      },
    },
    {
      name: 'fleet',
      async run() {
        await Promise.all(
          others.map((other) =>
            reach({ client, followerId: other.id, signal, goal: 'RUNNING', timeoutMs: launchMs }),
          ),
        )
        return `${followers.map((follower) => follower.id).join(', ')} RUNNING`
      },
    },
    {
      name: 'health',
      async run() {
        const health = await healthOf(drill, id)
        return `${health.layers.filter(({ status }) => status === 'ok').length} of ${health.layers.length} layers ok, none failing`
      },
    },
    {
      name: 'fault',
      async run() {
        const up = await fetchGateway(client, id)
        before = up
        await client.send('POST', `/simulator/${id}/faults`, { body: { fault: 'drop' } })
        const seen = await watchGateway(
          { ...watch, timeoutMs: recoveryMs },
          ({ status, reconnects }) => status !== 'RUNNING' || reconnects > up.reconnects,
        )
        if (!seen.settled) throw new Error('nobody noticed that its API connection was dropped')
        return `API connection dropped, noticed${seen.gateway.reason ? ` as ${seen.gateway.reason.code}` : ''}`
      },
    },
    {
      name: 'recovery',
      async run() {
        const reconnects = before?.reconnects ?? 0
        const seen = await watchGateway(
          { ...watch, timeoutMs: recoveryMs },
          (gateway) => gateway.status === 'RUNNING' && gateway.reconnects > reconnects,
        )
        if (!seen.settled) throw notReached(seen.gateway, 'RUNNING', recoveryMs)
        const same = seen.gateway.containerId === before?.containerId ? ', same container' : ''
        return `RUNNING again by itself, reconnects ${reconnects} → ${seen.gateway.reconnects}${same}`
      },
    },
    {
      name: 'stop',
      async run() {
        await client.send('POST', `/gateways/${id}/stop`)
        const { containerId } = await reach({ ...watch, goal: 'STOPPED', timeoutMs: stopMs })
        if (containerId !== undefined) throw new Error(`${id} is STOPPED but still has a container`)
        return `${id} STOPPED, its container is gone`
      },
    },
  ]
}

async function reach(options: Parameters<typeof waitForGateway>[0]): Promise<Gateway> {
  const { gateway, settled } = await waitForGateway(options)
  if (settled && gateway.status === options.goal) return gateway
  throw notReached(gateway, options.goal, options.timeoutMs)
}

function notReached(gateway: Gateway, goal: string, timeoutMs: number): Error {
  const why = reasonLines(gateway.reason).join('; ')
  return new Error(
    `${gateway.followerId} is ${gateway.status} (${gateway.phase}), not ${goal} within ${timeoutMs / 1000} s${why ? `: ${why}` : ''}`,
  )
}

/** RUNNING may come a moment before the last layer's first answer. */
async function healthOf({ client, signal }: Drill, id: string): Promise<GatewayHealth> {
  const seen = await watchGateway(
    { client, followerId: id, signal, timeoutMs: healthMs },
    ({ healthy }) => healthy,
  )
  const { body: health } = await client.send<GatewayHealth>('GET', `/gateways/${id}/health`, {
    accept: [503],
  })
  if (seen.settled && health.healthy) return health
  throw new Error(`${id} is not healthy: ${health.failing ?? 'no layer is named'}`)
}
