// The executor of each step of a plan. Launching is in launch.ts; what people ask for at once, deletion and shutdown act by themselves (verbs.ts,
// retire.ts, shutdown.ts).
import { isFleetError } from '../../ports/errors.ts'
import { stopGraceMs } from '../../ports/runtime.ts'
import { traced } from '../../telemetry/tracer.ts'
import type { StepArguments } from '../lifecycle/plan.ts'
import { connectTried, fail, softRestartAccepted } from '../lifecycle/transitions.ts'
import { remember } from '../records/gateway-record.ts'
import { attributesOf } from '../tracing/gateway-traces.ts'
import type { Hands } from './hands.ts'
import type { Keeper } from './keeper.ts'
import { launchContainer } from './launch.ts'
import { closeSession, openSession } from './session-keeping.ts'

type Executor<K extends keyof StepArguments> = (
  keeper: Keeper,
  step: StepArguments[K],
  hands: Hands,
  signal: AbortSignal,
) => Promise<void>

export const executors: { readonly [K in keyof StepArguments]: Executor<K> } = {
  pull: async (keeper, _, { puller, tracer, show }, signal) => {
    const tell = (text: string) => {
      keeper.progress = text
      show(keeper.follower.id)
    }
    try {
      const { image } = keeper.spec
      const attributes = { ...attributesOf(keeper), 'container.image.name': image }
      await traced(tracer, 'image.pull', attributes, () => puller.pull(image, tell, signal))
    } finally {
      keeper.progress = null
    }
  },

  launch: (keeper, _, hands, signal) => launchContainer(keeper, hands, signal),

  connect: async (keeper, _, hands, signal) => {
    const { container } = keeper
    if (!container || signal.aborted) return
    keeper.session ??= openSession(keeper, container, hands)
    keeper.state = connectTried(keeper.state, hands.clock.now())
    const session = keeper.session
    const followerId = keeper.follower.id
    // Not awaited: the gateway may be mute for long, and a stop must not wait for it.
    session.connectOnce().then(
      () => hands.wake(followerId),
      (err) => {
        hands.log.debug({ followerId, err }, 'API connection attempt failed')
        hands.wake(followerId)
      },
    )
  },

  disconnect: (keeper) => closeSession(keeper),

  softRestart: async (keeper, { containerId }, hands, signal) => {
    const jvmStarts = keeper.logReader?.progress.jvmStarts ?? 0
    try {
      await hands.runtime.softRestart(containerId, signal)
      const cause = {
        ...(keeper.state.cause ?? { code: 'SESSION_LOST' as const }),
        detail: 'the gateway restarts without a new login',
      }
      hands.publish(keeper, softRestartAccepted(keeper.state, cause, jvmStarts, hands.clock.now()))
      hands.course.restarted(keeper.follower.id)
      await remember(keeper, hands, { restarts: keeper.record.restarts + 1 })
      hands.audit.note({
        type: 'gateway.restart.soft',
        followerId: keeper.follower.id,
        message: 'Session lost: restarting the gateway without a new login',
      })
    } catch (err) {
      if (!isFleetError(err, 'SOFT_RESTART_UNAVAILABLE')) throw err
      const cause = {
        code: 'SESSION_LOST',
        detail: 'the API does not answer and a soft restart is not available',
      } as const
      hands.publish(keeper, fail(keeper.state, cause, hands.deciding(), { crash: true }))
    }
  },

  stop: (keeper, { containerId, tidy }, { runtime, tracer }, signal) =>
    traced(tracer, 'container.stop', { ...attributesOf(keeper), 'container.id': containerId }, () =>
      tidy ? runtime.stop(containerId, stopGraceMs, signal) : runtime.kill(containerId, signal),
    ),

  remove: async (keeper, { containerId }, hands, signal) => {
    await closeSession(keeper)
    const attributes = { ...attributesOf(keeper), 'container.id': containerId }
    await traced(hands.tracer, 'container.remove', attributes, () =>
      hands.runtime.remove(containerId, signal),
    )
    keeper.container = null
    keeper.adopted = false
    await keeper.logReader?.close()
    keeper.lastWords = keeper.logReader?.tail ?? []
    keeper.logReader = null
    if (hands.usernames.release(keeper.follower.id)) hands.usernameFreed()
    hands.audit.note({
      type: 'gateway.container.removed',
      followerId: keeper.follower.id,
      message: 'Gateway container removed',
      data: { containerId },
    })
  },
}
