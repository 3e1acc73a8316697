// The labels that make a container, volume or network ours. Pure names: `ibgm cleanup` finds things by them too.

export const labels = {
  /** Id of the manager that owns the thing; everything else is a stranger's and never touched. */
  manager: 'ibgm.manager',
  follower: 'ibgm.follower',
  hostPort: 'ibgm.host-port',
  clientId: 'ibgm.client-id',
  specHash: 'ibgm.spec-hash',
  usernameHash: 'ibgm.username-hash',
  tradingMode: 'ibgm.trading-mode',
  /** Which call made the container or volume, so that a failed call removes its own and no other. */
  attempt: 'ibgm.attempt',
} as const

/** Engine filter for everything of one manager, or of one of its followers. */
export function ownedBy(managerId: string, followerId?: string): { label: string[] } {
  const label = [`${labels.manager}=${managerId}`]
  if (followerId !== undefined) label.push(`${labels.follower}=${followerId}`)
  return { label }
}
