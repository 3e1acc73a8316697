// What takes many of the parts of the fleet, put together from them: the eyes and hands of the reconciler, what readers follow, the watch over credentials.
import pLimit from 'p-limit'
import { noMeasures } from '../ports/measures.ts'
import { Pacers } from '../session/pacing/pacers.ts'
import type { Fleet } from './fleet.ts'
import { LiveFeed } from './history/live-feed.ts'
import { SecretWatch } from './logins/secret-watch.ts'
import type { Hands } from './reconcile/hands.ts'
import type { Eyes } from './reconcile/observe.ts'
import { gatewayView } from './views/view.ts'

const secretIntervalMs = 60_000

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
    loginRejected: ({ record }, container, at) =>
      fleet.budget.reject(container, container.usernameHash, record.secretHash, Math.min(at, clock.now())),
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

export function feedOf(fleet: Fleet): LiveFeed {
  const { keepers, signal } = fleet
  const { clock, stores } = fleet.deps
  return new LiveFeed({
    clock,
    stored: async (query) => {
      await fleet.audit.flush()
      return stores.events.list(query)
    },
    followerIds: () => [...keepers.keys()],
    view: (followerId) => {
      const keeper = keepers.get(followerId)
      return keeper ? gatewayView(keeper, clock.now()) : null
    },
    openAlerts: () => [...fleet.alerts.open()],
    signal,
  })
}

export function secretWatchOf(fleet: Fleet): SecretWatch {
  const { keepers, credentials, digests, audit } = fleet
  const { stores, clock, log, settings } = fleet.deps
  return new SecretWatch({
    keepers,
    credentials,
    digests,
    stores,
    audit,
    clock,
    log,
    intervalMs: settings.secretIntervalMs ?? secretIntervalMs,
    release: (keeper) => fleet.release(keeper),
  })
}
