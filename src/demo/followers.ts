// The demo's followers, made and launched as anybody would: over HTTP.
import type { Gateway } from '../../schemas/gateway.ts'
import { type ApiClient, ApiProblem } from '../cli/client.ts'

export interface DemoFollower {
  readonly id: string
  readonly name: string
  /** A user name without a scenario suffix, and a password that the simulator takes. */
  readonly username: string
  readonly password: string
}

export const demoFollowers: readonly DemoFollower[] = [
  { id: 'alpha', name: 'Alpha Growth', username: 'demo-alpha', password: 'sim-alpha' },
  { id: 'bravo', name: 'Bravo Income', username: 'demo-bravo', password: 'sim-bravo' },
  { id: 'charlie', name: 'Charlie Macro', username: 'demo-charlie', password: 'sim-charlie' },
]

/** Records with credentials, not yet enabled; those of an earlier demo in the same DATA_DIR stay as they are. */
export async function introduce(client: ApiClient, followers: readonly DemoFollower[]): Promise<void> {
  for (const { id, name, username, password } of followers) {
    try {
      await client.send('POST', '/followers', { body: { id, name, enabled: false } })
    } catch (error) {
      if (!(error instanceof ApiProblem && error.problem.code === 'FOLLOWER_EXISTS')) throw error
    }
    await client.send('PUT', `/followers/${id}/credentials`, { body: { username, password } })
  }
}

/** Enables and launches: the second for followers that were enabled before, and then stopped. */
export async function enable(client: ApiClient, followers: readonly DemoFollower[]): Promise<void> {
  await Promise.all(
    followers.map(async ({ id }) => {
      await client.send('PATCH', `/followers/${id}`, { body: { enabled: true, state: 'ACTIVE' } })
      await client.send('POST', `/gateways/${id}/launch`)
    }),
  )
}

/** Every follower of the demo RUNNING; others in the same DATA_DIR do not count. */
export function allRunning(gateways: readonly Gateway[]): boolean {
  return demoFollowers.every(({ id }) =>
    gateways.some(({ followerId, status }) => followerId === id && status === 'RUNNING'),
  )
}
