// One run of the manager: the real core over the simulated world. It can be killed at any moment, and then nothing of it goes on.
import { GatewayManager } from '../../src/fleet/manager.ts'
import { rememberedIn } from '../../src/fleet/records/last-known.ts'
import type { FleetSettings } from '../../src/fleet/settings.ts'
import { FleetError } from '../../src/ports/errors.ts'
import type { Log } from '../../src/ports/log.ts'
import { Chance } from '../drill/random.ts'
import { Connector } from './connections.ts'
import { EngineClient, type EngineUse } from './engine-client.ts'
import { type Condition, Line } from './lines.ts'
import { storeAway, storesOver } from './store.ts'
import { copiesOver, vaultOver } from './vault.ts'
import { ProcessClock } from './virtual-time.ts'
import type { World } from './world.ts'

const engineAway = () => new FleetError('ENGINE_UNAVAILABLE', 'The simulated engine does not answer.')

export type OnShutdown = FleetSettings['onShutdown']

export class ManagerProcess {
  readonly clock: ProcessClock
  readonly connector: Connector
  readonly manager: GatewayManager
  readonly startedAtMs: number
  readonly #settings: { -readonly [K in keyof FleetSettings]: FleetSettings[K] }

  constructor(world: World, settings: FleetSettings, seed: number, use: EngineUse) {
    const { time, engine, documents, vault } = world
    const process = new ProcessClock(time)
    const chance = new Chance(seed)
    const lineTo = (condition: Condition, away: () => FleetError) =>
      new Line({ time, chance: new Chance(chance.below(2 ** 32)), process, condition, away })
    this.clock = process
    this.startedAtMs = time.monotonicMs
    this.#settings = { ...settings }
    this.connector = new Connector({
      time,
      chance: new Chance(chance.below(2 ** 32)),
      process,
      serverAt: (port) => engine.at(port)?.api ?? null,
    })
    const runtime = new EngineClient({
      engine,
      line: lineTo(engine.condition, engineAway),
      process,
      time,
      use,
    })
    const storeLine = lineTo(documents.condition, storeAway)
    const log = logOf(world)
    const copyLine = lineTo(world.localCopy.condition, storeAway)
    const lastKnown = storesOver(world.localCopy, copyLine)
    const core = new Chance(chance.below(2 ** 32))
    this.manager = new GatewayManager({
      settings: this.#settings,
      stores: rememberedIn(lastKnown, storesOver(documents, storeLine), log),
      lastKnown,
      runtime,
      credentials: vaultOver(
        vault,
        lineTo(vault.condition, () => vault.away()),
      ),
      fallbackCredentials: copiesOver(world.copies),
      connector: this.connector,
      sinks: [],
      clock: process,
      log,
      random: () => core.next(),
      version: 'simulated',
      managerId: 'simulated',
      digestKey: 'c2ltdWxhdGVk',
      takeCharge: () => storeLine.call(() => undefined),
    })
  }

  get alive(): boolean {
    return this.clock.alive
  }

  start(): Promise<void> {
    return this.manager.start()
  }

  /** Nothing of it happens any more, nor is anything of it heard. */
  crash(): void {
    this.clock.kill()
    this.connector.abandon()
    // Nothing comes of it, but the measuring of the event loop ends.
    void this.manager.stop()
  }

  /** The orderly end. */
  async stop(onShutdown: OnShutdown): Promise<void> {
    this.#settings.onShutdown = onShutdown
    await this.manager.stop()
    this.crash()
  }
}

/** The core's own words go nowhere; an error that is no FleetError is a bug. */
function logOf(world: World): Log {
  const log: Log = {
    debug: () => {},
    info: () => {},
    warn: (fields, message) => note(fields, message),
    error: (fields, message) => note(fields, message),
    child: () => log,
  }
  const note = (fields: object, message: string) => {
    const { err, followerId } = fields as { err?: unknown; followerId?: string }
    if (err !== undefined && !(err instanceof FleetError) && !isAbort(err))
      world.broken(`unexpected error (${message}): ${(err as Error).stack ?? err}`, followerId)
    if (message === 'a reconcile does not settle') world.broken(message, followerId)
  }
  return log
}

/** The reasons that the core itself aborts with. */
const isAbort = (err: unknown) =>
  err instanceof Error &&
  /stopping|stopped|interrupted|shutdown budget|answered|no answer within/.test(err.message)
