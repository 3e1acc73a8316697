// The verbs of one gateway: launch, stop, restart, reconnect. Each checks, records the wish, sets the state at once and leaves the work to the reconciler.
import { FleetError } from '../../ports/errors.ts'
import type { Caller, VerbOptions, VerbOutcome } from '../../ports/fleet.ts'
import type { GatewayContainer } from '../../ports/runtime.ts'
import { unlessAborted } from '../../ports/unless-aborted.ts'
import { bound } from '../../telemetry/tracer.ts'
import type { Fleet } from '../fleet.ts'
import { gatewayStatus } from '../lifecycle/state.ts'
import { enter, recreationAsked, softRestartAccepted } from '../lifecycle/transitions.ts'
import { isEligible, isWanted, type Keeper } from '../reconcile/keeper.ts'
import { shuttingDown } from '../reconcile/waiting.ts'
import { followerNotFound } from '../records/follower-desk.ts'
import { remember } from '../records/gateway-record.ts'
import { gatewayView, toldStatus } from '../views/view.ts'

export class GatewayVerbs {
  readonly #fleet: Fleet

  constructor(fleet: Fleet) {
    this.#fleet = fleet
  }

  /** SHUTTING_DOWN once the manager is on its way out, STORE_UNAVAILABLE until it has taken charge. */
  mustBeOpen(): void {
    if (this.#fleet.signal.aborted) throw shuttingDown()
    this.#fleet.charge.mustBeHeld()
  }

  async launch(keeper: Keeper, options: VerbOptions): Promise<VerbOutcome> {
    this.mustBeOpen()
    const { follower } = keeper
    if (keeper.deleting) throw followerNotFound(follower.id)
    if (!isEligible(follower)) throw notLaunchable(keeper)
    if (isWanted(keeper) && toldStatus(keeper) === 'RUNNING') return this.#outcome(keeper, 'done')
    const underway = isWanted(keeper) && gatewayStatus(keeper.state.phase) === 'STARTING'
    if (!underway) await this.#admit(keeper, options)
    return this.#settled(keeper, options, (candidate) => toldStatus(candidate) === 'RUNNING')
  }

  async stop(keeper: Keeper, options: VerbOptions): Promise<VerbOutcome> {
    this.mustBeOpen()
    const { deps, queue, audit } = this.#fleet
    if (keeper.record.desired === 'running') {
      await remember(keeper, deps, { desired: 'stopped' })
      audit.note({
        type: 'gateway.stop',
        followerId: keeper.follower.id,
        actor: options.actor,
        message: 'Stop asked',
      })
      if (keeper.state.phase !== 'stopped')
        this.#fleet.publish(keeper, enter(keeper.state, 'stopping', deps.clock.now(), {}))
      queue.interrupt(keeper.follower.id)
    } else queue.enqueue(keeper.follower.id)
    return this.#settled(keeper, options, (candidate) => candidate.state.phase === 'stopped')
  }

  async restartContainer(keeper: Keeper, options: VerbOptions): Promise<VerbOutcome> {
    this.mustBeOpen()
    if (!isWanted(keeper) || gatewayStatus(keeper.state.phase) === 'FAILED') throw notUp(keeper, 'restart')
    const { deps, audit } = this.#fleet
    const before = keeper.container?.id
    keeper.askedByPersonAt = deps.clock.now()
    audit.note({
      type: 'gateway.restart',
      followerId: keeper.follower.id,
      actor: options.actor,
      message: 'Container restart asked: a new container and a full login',
    })
    this.#fleet.publish(
      keeper,
      recreationAsked(
        keeper.state,
        { code: 'PLANNED_RESTART', detail: 'a new container was asked for' },
        deps.clock.now(),
      ),
    )
    return this.#settled(
      keeper,
      options,
      (candidate) => toldStatus(candidate) === 'RUNNING' && candidate.container?.id !== before,
    )
  }

  /** SOFT_RESTART_UNAVAILABLE at once, whatever else is being done to the gateway; a caller who goes away before it begins withdraws it. */
  async restartSoftly(keeper: Keeper, options: VerbOptions): Promise<VerbOutcome> {
    this.mustBeOpen()
    loggedInContainer(keeper)
    const { deps, queue, audit } = this.#fleet
    const followerId = keeper.follower.id
    const restart = bound(async () => {
      options.signal?.throwIfAborted()
      // What went before it may have changed that.
      const container = loggedInContainer(keeper)
      const jvmStarts = keeper.logReader?.progress.jvmStarts ?? 0
      await deps.runtime.softRestart(container.id, this.#fleet.signal)
      const asked = {
        code: 'PLANNED_RESTART',
        detail: 'a restart without a new login was asked for',
      } as const
      this.#fleet.publish(keeper, softRestartAccepted(keeper.state, asked, jvmStarts, deps.clock.now()))
      this.#fleet.course.restarted(followerId)
      await remember(keeper, deps, { restarts: keeper.record.restarts + 1 })
      audit.note({
        type: 'gateway.restart.soft',
        followerId,
        actor: options.actor,
        message: 'Soft restart asked: no new login',
      })
    })
    await unlessAborted(queue.exclusive(followerId, restart), options.signal)
    return this.#settled(
      keeper,
      options,
      (candidate) => toldStatus(candidate) === 'RUNNING' && candidate.state.softRestart === null,
    )
  }

  async reconnect(keeper: Keeper, options: VerbOptions): Promise<VerbOutcome> {
    this.mustBeOpen()
    const { session } = keeper
    const up = isWanted(keeper) && keeper.state.wasReady && session !== null
    if (!up) throw notUp(keeper, 'reconnect')
    const { deps, audit, queue } = this.#fleet
    const followerId = keeper.follower.id
    audit.note({ type: 'gateway.reconnect', followerId, actor: options.actor, message: 'Reconnect asked' })
    const again = session.reconnect(this.#fleet.signal)
    this.#fleet.publish(
      keeper,
      enter(keeper.state, 'reconnecting', deps.clock.now(), {
        cause: { code: 'SESSION_LOST', detail: 'a reconnect was asked for' },
      }),
    )
    const over = again.then(
      () => true,
      () => true,
    )
    let settled = false
    void over.then(() => {
      settled = true
      queue.enqueue(followerId)
    })
    return this.#settled(keeper, options, (candidate) => settled && toldStatus(candidate) === 'RUNNING')
  }

  /** Everything that a launch needs, checked and reserved before anything is recorded. */
  async #admit(keeper: Keeper, caller: Caller): Promise<void> {
    const { deps, engine, ports, audit } = this.#fleet
    const followerId = keeper.follower.id
    if (keeper.record.hold?.code === 'CREDENTIALS_REJECTED') await this.#mustDiffer(keeper)
    if (!engine.up)
      throw new FleetError(
        'ENGINE_UNAVAILABLE',
        `The gateway of ${followerId} was not launched, because the container engine does not answer${engine.detail ? `: ${engine.detail}` : ''}. Check the engine and ask again.`,
        { retryAfterMs: 5_000 },
      )
    const held = ports.holds(followerId)
    ports.reserve(followerId, keeper.record.hostPort, deps.clock.now())
    try {
      await remember(keeper, deps, { desired: 'running', hold: null, crashes: [] })
    } catch (err) {
      if (held === undefined) ports.release(followerId)
      throw err
    }
    keeper.askedByPersonAt = deps.clock.now()
    audit.note({ type: 'gateway.launch', followerId, actor: caller.actor, message: 'Launch asked' })
    this.#fleet.release(keeper)
  }

  /** CREDENTIALS_REJECTED unless the secret has changed since it was rejected: a machine never tries the same one twice. */
  async #mustDiffer(keeper: Keeper): Promise<void> {
    const { secretWatch, signal } = this.#fleet
    const followerId = keeper.follower.id
    if (await secretWatch.differs(keeper, signal)) return
    throw new FleetError(
      'CREDENTIALS_REJECTED',
      `IB rejected the login of ${followerId}, and the credentials have not changed since; trying them again would lock the user at IBKR. PUT /api/v1/followers/${followerId}/credentials with the right ones: the gateway then logs in by itself.`,
    )
  }

  async #settled(
    keeper: Keeper,
    { waitMs = 0, signal }: VerbOptions,
    done: (keeper: Keeper) => boolean,
  ): Promise<VerbOutcome> {
    const failed = (candidate: Keeper) => isWanted(candidate) && toldStatus(candidate) === 'FAILED'
    // Stopped or deleted by somebody else: what is waited for will not come.
    const calledOff = (candidate: Keeper) => !isWanted(candidate) && candidate.state.phase === 'stopped'
    await this.#fleet.waiting.until(
      keeper,
      (candidate) => done(candidate) || failed(candidate) || calledOff(candidate),
      waitMs,
      signal,
    )
    if (keeper.deleting && !done(keeper)) throw followerNotFound(keeper.follower.id)
    return this.#outcome(keeper, done(keeper) ? 'done' : waitMs > 0 && failed(keeper) ? 'failed' : 'pending')
  }

  #outcome(keeper: Keeper, outcome: VerbOutcome['outcome']): VerbOutcome {
    return { outcome, gateway: gatewayView(keeper, this.#fleet.deps.clock.now()) }
  }
}

function notLaunchable({ follower }: Keeper): FleetError {
  const { id, enabled, state } = follower
  const why = enabled ? `its state is ${state}` : 'it is not enabled'
  return new FleetError(
    'FOLLOWER_NOT_LAUNCHABLE',
    `Follower ${id} cannot be launched: ${why}. PATCH /api/v1/followers/${id} with {"enabled": true, "state": "ACTIVE"} first; that launches it.`,
  )
}

/** The container that can restart without a login; SOFT_RESTART_UNAVAILABLE. */
function loggedInContainer(keeper: Keeper): GatewayContainer {
  const { container, follower, session, state } = keeper
  const loggedIn = state.wasReady || session?.isConnected()
  if (isWanted(keeper) && container?.state === 'running' && loggedIn) return container
  throw new FleetError(
    'SOFT_RESTART_UNAVAILABLE',
    `The gateway of ${follower.id} is ${toldStatus(keeper)} (${state.phase}) and not logged in, so it cannot restart without a login. POST {"mode":"container"} makes a new container with a full login.`,
  )
}

function notUp(keeper: Keeper, verb: string): FleetError {
  const id = keeper.follower.id
  return new FleetError(
    'GATEWAY_NOT_UP',
    `The gateway of ${id} is ${toldStatus(keeper)} (${keeper.state.phase}): there is nothing to ${verb}. POST /api/v1/gateways/${id}/launch starts it.`,
  )
}
