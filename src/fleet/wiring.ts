// What the reconciler sees with and works with, put together from the fleet's parts.
import pLimit from 'p-limit'
import { noMeasures } from '../ports/measures.ts'
import { Pacers } from '../session/pacing/pacers.ts'
import type { Fleet } from './fleet.ts'
import type { Hands } from './hands.ts'
import type { Eyes } from './observe.ts'

/** Until the store is ours, the engine is looked at as if it were away: watched, not acted on. */
export function eyesOf(fleet: Fleet): Eyes {
  const { engine, charge } = fleet
  const { runtime, settings, clock, log } = fleet.deps
  return {
    runtime,
    limits: settings.lifecycle,
    now: () => clock.now(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    engine: {
      get up() {
        return engine.up && charge.held
      },
      get unsafe() {
        return engine.unsafe
      },
      get storeAway() {
        return !charge.held
      },
      doubt: () => engine.doubt(),
    },
    loginMoved: (...moved) => fleet.course.loginMoved(...moved),
    // At once, whatever the gateway is about to do: stopped in the middle of it, nobody would look at its login again.
    loginRejected: ({ follower, record }, { usernameHash }, at) =>
      fleet.budget.reject(follower, usernameHash, record.secretHash, Math.min(at, clock.now())),
    wake: (followerId) => fleet.wake(followerId),
    onLogError: (followerId, err) => log.debug({ followerId, err }, 'log stream broke'),
  }
}

/** `callbacks`: what only the fleet itself can do. */
export function handsOf(fleet: Fleet, callbacks: Pick<Hands, 'publish' | 'usernameFreed'>): Hands {
  const { deps } = fleet
  const { runtime, stores, settings, clock, log, random = Math.random } = deps
  const limiter = pLimit(settings.launchConcurrency)
  return {
    runtime,
    stores,
    credentials: fleet.credentials,
    connector: deps.connector,
    clock,
    log,
    tracer: deps.tracer,
    traces: fleet.traces,
    random,
    audit: fleet.audit,
    digests: fleet.digests,
    budget: fleet.budget,
    puller: fleet.puller,
    ports: fleet.ports,
    usernames: fleet.usernames,
    clientIds: settings.clientIds,
    sessionSettings: settings.session,
    pacers: deps.pacers ?? new Pacers(clock),
    course: fleet.course,
    measures: deps.measures ?? noMeasures,
    engineReady: (signal) => fleet.engine.ready(signal),
    launchSlot: (run) => limiter(run),
    deciding: () => ({ limits: settings.lifecycle, now: clock.now(), random: random() }),
    ...callbacks,
    wake: (followerId) => fleet.wake(followerId),
    heartbeat: (followerId, roundTripMs) => fleet.heartbeat(followerId, roundTripMs),
    show: (followerId) => fleet.feed.touch(followerId),
  }
}
