// What must have come right when the storm is over: everyone wanted is up, or locked for a reason that is true; nothing is lost or left behind.
import type { GatewayStatusView } from '../../schemas/gateway.ts'
import { type Container, isUp } from './engine.ts'
import { limits } from './settings.ts'
import type { Watch } from './watch.ts'
import type { Known, World } from './world.ts'

/** Some time after the last fault. `strict`: people have mended what only they can mend, so that no lock is left. */
export function reckon(world: World, watch: Watch, strict: boolean): void {
  const { process } = world
  if (!process?.alive) {
    world.broken('there is no manager in the calm')
    return
  }
  for (const known of world.followers) {
    recordsAreThere(world, known)
    watch.checks++
    const view = viewOf(world, known)
    if (view) isAsItShouldBe(world, watch, known, view, strict)
  }
  leasesAreApart(world)
  alertsAreTrue(world)
}

/** undefined for one that is not there; the manager must know all others. */
function viewOf(world: World, { id }: Known): GatewayStatusView | undefined {
  if (!world.documents.followers.has(id)) return undefined
  try {
    return world.process?.manager.gatewayStatus(id)
  } catch {
    world.broken('the manager does not know a follower that is stored', id)
    return undefined
  }
}

function recordsAreThere(world: World, { id, record, wish }: Known): void {
  const { documents } = world
  if (record === 'there' && !documents.followers.has(id)) world.broken('its record is lost', id)
  if (record === 'gone' && documents.followers.has(id)) world.broken('its record came back', id)
  const desired = documents.gateways.get(id)?.desired
  if (record === 'there' && wish !== 'unknown' && desired !== wish)
    world.broken(`people wished it ${wish}, stored is ${desired}`, id)
}

function isAsItShouldBe(
  world: World,
  watch: Watch,
  known: Known,
  view: GatewayStatusView,
  strict: boolean,
): void {
  const container = world.container(known)
  const { id } = known
  const lookedAgoMs = world.time.monotonicMs - (watch.lookedAtMs.get(id) ?? 0)
  if (lookedAgoMs > 300_000) world.broken(`nobody has looked at it for ${lookedAgoMs} ms`, id)
  if (!world.isWanted(known)) {
    if (container) world.broken(`not wanted, and ${container.id} is still there (${view.phase})`, id)
    else if (view.status !== 'STOPPED') world.broken(`not wanted, and ${view.phase}`, id)
    return
  }
  if (watch.running.has(id) || isUsernameTaken(world, known)) return
  if (view.phase === 'locked' && !strict) {
    lockIsTrue(world, watch, known, view)
    return
  }
  const why = view.reason ? ` (${view.reason.code}: ${view.reason.message})` : ''
  world.broken(`wanted, and not RUNNING since the faults ended: ${view.phase}${why}`, id)
}

/** Of two that share a username, one may run. */
function isUsernameTaken({ engine, followers }: World, known: Known): boolean {
  return followers.some((other) => {
    const container = other !== known && other.username === known.username && engine.of(other.id)
    return container && isUp(container)
  })
}

function lockIsTrue(world: World, watch: Watch, known: Known, { reason }: GatewayStatusView): void {
  const { broker, documents } = world
  const user = broker.users.get(known.username)
  const code = reason?.code
  const tries = broker.tries.filter(({ user: name }) => name === known.username)
  // A start is counted before it happens: one that a manager's end kept from happening stays counted.
  const lockedAt = documents.gateways.get(known.id)?.hold?.at ?? 0
  const { windowMs } = limits.budget.starts
  // Those of the future count too: the clock may have gone back since.
  const counts = (at: number) => at > lockedAt - windowMs
  const starts = (watch.startsAsked.get(known.username) ?? []).filter(counts).length
  const lost = watch.managerStarts.filter(counts).length
  const truths: Record<string, boolean | undefined> = {
    CREDENTIALS_REJECTED: !world.hasRightSecret(known),
    TWOFA_TIMEOUT: user?.twofa,
    EXISTING_SESSION: tries.some(({ outcome }) => outcome === 'elsewhere'),
    CRASH_LOOP: (documents.gateways.get(known.id)?.crashes.length ?? 0) >= 5,
    LOGIN_BUDGET: starts + lost >= 6 || tries.filter(({ outcome }) => outcome === 'refused').length >= 3,
  }
  if (!truths[code ?? ''])
    world.broken(`locked for a reason that is not true: ${code} (${reason?.message})`, known.id)
}

/** No client id serves two on one gateway. */
function leasesAreApart(world: World): void {
  const seen = new Map<string, string>()
  for (const { followerId, purpose, clientId } of world.documents.leases.values()) {
    const key = `${followerId} ${clientId}`
    const other = seen.get(key)
    if (other !== undefined)
      world.broken(`client id ${clientId} is leased to ${other} and ${purpose}`, followerId)
    seen.set(key, purpose)
  }
}

function alertsAreTrue(world: World): void {
  for (const alert of world.documents.openAlerts.values()) {
    const { key, followerId, code } = alert
    if (followerId === undefined) {
      if (!key.startsWith('engine:STRAY')) world.broken(`the alert ${key} is open, and all is well`)
      continue
    }
    const known = world.known(followerId)
    const view = known && viewOf(world, known)
    if (!view || view.status === 'RUNNING' || view.status === 'STOPPED')
      world.broken(`the alert ${key} is open, and the gateway is ${view?.status ?? 'gone'}`, followerId)
    else if (view.phase === 'locked' && view.reason?.code !== code)
      world.broken(`the alert ${key} is open, and the gateway is locked for ${view.reason?.code}`, followerId)
  }
}

/** Gateways that are up and well: a restart of the manager must leave them alone. */
export function wellContainers({ followers, engine, process }: World): Map<string, Container> {
  const well = new Map<string, Container>()
  for (const { id } of followers) {
    const container = engine.of(id)
    if (container?.process.phase === 'up' && process?.manager.isHealthy(id)) well.set(id, container)
  }
  return well
}

export function areUntouched(world: World, before: ReadonlyMap<string, Container>): void {
  for (const [id, container] of before) {
    if (world.engine.of(id) !== container)
      world.broken(`a restart of the manager cost it its container ${container.id}`, id)
  }
}
