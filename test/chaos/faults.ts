// Everything that a run may do to the world, one row each: how it strikes, how long it holds, how it is taken back.

import { lacksService } from './databases.ts'
import type { OwnEngine } from './engine.ts'
import { dropPackets, freeze, simctl, type Victim } from './victims.ts'
import type { ChaosWorld } from './world.ts'

/** Takes a fault back. */
export type Heal = () => Promise<unknown>

interface FaultBase {
  /** Shortest and longest time until it is taken back, milliseconds. */
  readonly holdMs?: readonly [least: number, most: number]
  /** Why it cannot be done in this world; undefined when it can. */
  lacks?(world: ChaosWorld): string | undefined
}

export interface GatewayFault extends FaultBase {
  readonly hits: 'gateway'
  /** Whether no answer, or none that is worth anything, comes out of this container while it holds. */
  readonly silences: boolean
  strike(victim: Victim, world: ChaosWorld): Promise<Heal | undefined>
}

export interface WorldFault extends FaultBase {
  /** What has to come back: every gateway; the manager's readiness; its way to the secrets. */
  readonly hits: 'fleet' | 'readiness' | 'secrets'
  /** Whether history may have holes meanwhile. */
  readonly darkens?: boolean
  strike(world: ChaosWorld): Promise<Heal>
}

export type Fault = GatewayFault | WorldFault

const shortly = [1_000, 9_000] as const
const needsCorner = ({ corner }: ChaosWorld) => corner.lacks
const needsOwnEngine = ({ engine, corner }: ChaosWorld) =>
  engine.own ? undefined : `the engine is not ours (${corner.lacks})`

export const faults: Readonly<Record<string, Fault>> = {
  kill: gone((container) => container.kill()),
  stop: gone((container) => container.stop({ t: 5 })),
  remove: gone((container) => container.remove({ force: true })),
  pause: {
    hits: 'gateway',
    silences: true,
    holdMs: shortly,
    async strike({ container }) {
      await container.pause()
      return () => container.unpause()
    },
  },
  freeze: { hits: 'gateway', silences: true, holdMs: shortly, lacks: needsCorner, strike: freeze },
  'drop-packets': {
    hits: 'gateway',
    silences: true,
    holdMs: shortly,
    lacks: needsCorner,
    strike: dropPackets,
  },
  mute: {
    hits: 'gateway',
    silences: true,
    holdMs: shortly,
    async strike(victim) {
      await simctl(victim, 'mute')
      return () => simctl(victim, 'clear')
    },
  },
  'drop-connections': { hits: 'gateway', silences: false, strike: said('drop') },
  'upstream-lost': {
    hits: 'gateway',
    silences: true,
    holdMs: shortly,
    async strike(victim) {
      await simctl(victim, '1100')
      return () => simctl(victim, '1102')
    },
  },
  'nightly-restart': {
    hits: 'gateway',
    silences: false,
    strike: said('nightly-restart'),
  },
  'manager-kill': {
    hits: 'fleet',
    darkens: true,
    holdMs: [0, 6_000],
    async strike({ manager }) {
      await manager.kill()
      return () => manager.start()
    },
  },
  'engine-restart': engineFault((engine) => engine.stop()),
  'engine-live-restore': engineFault((engine) => engine.stop(true)),
  'engine-kill': engineFault((engine) => engine.kill()),
  'store-kill': {
    hits: 'readiness',
    darkens: true,
    holdMs: [2_000, 12_000],
    lacks: ({ mongo }) => (mongo ? undefined : (lacksService('mongo') ?? 'records are kept in DATA_DIR')),
    async strike({ mongo }) {
      await mongo?.kill()
      return async () => mongo?.bringBack()
    },
  },
  'vault-kill': {
    hits: 'secrets',
    holdMs: [2_000, 12_000],
    lacks: ({ vault }) => (vault ? undefined : lacksService('vault')),
    async strike({ vault }) {
      await vault?.kill()
      return async () => vault?.bringBack()
    },
  },
  'disk-full': {
    hits: 'readiness',
    darkens: true,
    holdMs: [3_000, 10_000],
    lacks: needsCorner,
    async strike({ disk }) {
      disk?.fill()
      return async () => disk?.free()
    },
  },
}

/** The container ends, and nobody brings it back but the manager. */
function gone(end: (container: Victim['container']) => Promise<unknown>): GatewayFault {
  return {
    hits: 'gateway',
    silences: true,
    async strike({ container }) {
      await end(container)
      return undefined
    },
  }
}

/** A fault of the simulated gateway that passes by itself. */
function said(fault: string): GatewayFault['strike'] {
  return async (victim) => {
    await simctl(victim, fault)
    return undefined
  }
}

function engineFault(end: (engine: OwnEngine) => Promise<void>): WorldFault {
  return {
    hits: 'fleet',
    holdMs: [0, 8_000],
    lacks: needsOwnEngine,
    async strike({ engine: { own } }) {
      if (!own) throw new Error('the engine is not ours')
      await end(own)
      return () => own.start()
    },
  }
}
