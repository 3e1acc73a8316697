// One look at the world for one gateway: engine, log, session. Reads; changes nothing but what the keeper remembers of what it saw.
import { isFleetError } from '../../ports/errors.ts'
import type { GatewayContainer, GatewayRuntime } from '../../ports/runtime.ts'
import type { GatewayCourse } from '../figures/course.ts'
import { findAccountFault } from '../lifecycle/accounts.ts'
import type { LifecycleLimits, Observation } from '../lifecycle/state.ts'
import { endLogin } from '../login-log/exits.ts'
import { LogReader } from '../login-log/log-reader.ts'
import { loginVerdict } from '../login-log/verdict.ts'
import { isWanted, type Keeper } from './keeper.ts'

/** How long a container's last words may take to arrive after its end. */
const lastWordsMs = 2_000

export interface Eyes {
  readonly runtime: GatewayRuntime
  readonly limits: LifecycleLimits
  readonly now: () => number
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** Whether the engine answers; told to all. */
  readonly engine: {
    readonly up: boolean
    readonly storeAway?: boolean
    readonly unsafe?: string | null
    /** A call was not answered. */
    doubt(): void
  }
  /** Told of each line that moved a login, but for those read back from before our time. */
  readonly loginMoved?: GatewayCourse['loginMoved']
  /** IBKR has rejected the login of this container, at `at` by the engine's clock. */
  readonly loginRejected: (keeper: Keeper, container: GatewayContainer, at: number) => void
  /** Called when something seen by the log changes. */
  readonly wake: (followerId: string) => void
  readonly onLogError: (followerId: string, err: unknown) => void
}

/**
 * Looks, and remembers container and log reader in the keeper. An engine that is known to be away leaves the last view standing; null when it only
 * failed to answer this once, which tells nothing.
 */
export async function observe(keeper: Keeper, eyes: Eyes, signal: AbortSignal): Promise<Observation | null> {
  let imagePresent = false
  try {
    keeper.container = await eyes.runtime.inspect(keeper.follower.id, signal)
    if (keeper.container === null && mayLaunch(keeper, eyes.now()))
      imagePresent = await eyes.runtime.hasImage(keeper.spec.image, signal)
  } catch (err) {
    if (signal.aborted || !isFleetError(err, 'ENGINE_UNAVAILABLE')) throw err
    eyes.engine.doubt()
    if (eyes.engine.up) return null
  }
  if (keeper.container) await readLog(keeper, keeper.container, eyes, signal)
  return look(keeper, eyes, imagePresent)
}

/** The observation from what is in memory; no I/O. */
export function look(
  keeper: Keeper,
  eyes: Pick<Eyes, 'engine' | 'limits' | 'now'>,
  imagePresent = false,
): Observation {
  const session = keeper.session?.snapshot() ?? null
  return {
    wanted: isWanted(keeper),
    hold: keeper.record.hold && {
      code: keeper.record.hold.code,
      ...(keeper.record.hold.detail !== undefined && { detail: keeper.record.hold.detail }),
    },
    ...(keeper.record.hold && { heldSince: keeper.record.hold.at }),
    engineUp: eyes.engine.up,
    ...(eyes.engine.storeAway && { storeAway: true }),
    ...(eyes.engine.unsafe && { networkUnsafe: eyes.engine.unsafe }),
    container: keeper.container,
    imagePresent,
    adopted: keeper.adopted,
    login: loginOf(keeper, eyes),
    session,
    accountFault:
      session?.state === 'ready' && keeper.container
        ? findAccountFault(keeper.container.tradingMode, keeper.follower.accounts, session.accounts)
        : null,
  }
}

/** What the log and the container's end tell of the login. While its past is being read back, what was known before stands. */
function loginOf(keeper: Keeper, { limits, now }: Pick<Eyes, 'limits' | 'now'>): Observation['login'] {
  const { container, logReader, seen } = keeper
  if (!container || logReader?.containerId !== container.id) return null
  const { readAt, ended, endedAt } = logReader
  if (now() < readAt && !ended) {
    const known = seen.container?.id === container.id ? seen.login : null
    const verdict = known?.verdict ?? { phase: 'booting', terminal: false }
    return {
      progress: known?.progress ?? logReader.progress,
      verdict: { ...verdict, nextCheckAt: readAt },
    }
  }
  const { outOfMemory: oomKilled, exitCode, finishedAt } = container
  const exit = { oomKilled, ...(exitCode !== undefined && { exitCode }) }
  const progress =
    container.state === 'exited'
      ? endLogin(logReader.progress, exit, finishedAt ?? now())
      : logReader.progress
  // A silence that nobody listened to says nothing: while the engine is away the login is judged as of when it was last heard.
  const heardAt = container.state === 'exited' ? null : endedAt
  return { progress, verdict: loginVerdict(progress, Math.min(heardAt ?? Infinity, now()), limits) }
}

function mayLaunch(keeper: Keeper, now: number): boolean {
  if (!isWanted(keeper) || keeper.record.hold) return false
  return keeper.state.phase !== 'backing-off' || keeper.state.retryAt === null || now >= keeper.state.retryAt
}

async function readLog(
  keeper: Keeper,
  container: GatewayContainer,
  eyes: Eyes,
  signal: AbortSignal,
): Promise<void> {
  const followerId = keeper.follower.id
  const current = keeper.logReader
  const same = current?.containerId === container.id
  if (container.state === 'created') return
  if (!same || (current.ended && container.state === 'running' && eyes.engine.up)) {
    if (current && !same) await current.close()
    const from = {
      containerId: container.id,
      startedAt: container.startedAt ?? eyes.now(),
      adopted: keeper.adopted,
    }
    keeper.logReader = new LogReader(
      {
        runtime: eyes.runtime,
        now: eyes.now,
        onChange: () => eyes.wake(followerId),
        onLogin: (before, after, at) => eyes.loginMoved?.(followerId, before, after, at),
        onRejected: (at) => eyes.loginRejected(keeper, container, at),
        onError: (err) => eyes.onLogError(followerId, err),
      },
      same ? { ...from, resume: current } : from,
    )
  }
  const reader = keeper.logReader
  if (container.state === 'exited' && reader && !reader.ended) {
    const waiting = new AbortController()
    const limit = eyes.sleep(lastWordsMs, AbortSignal.any([signal, waiting.signal])).catch(() => undefined)
    await Promise.race([reader.done, limit])
    waiting.abort()
  }
}
