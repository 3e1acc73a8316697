// What people ask of the manager, and what they may rely on once it has said yes.

import type { GatewayManager } from '../../src/fleet/manager.ts'
import { type FleetError, isFleetError } from '../../src/ports/errors.ts'
import type { Happening, HappeningKind } from './happenings.ts'
import type { Known, Wish, World } from './world.ts'

type Ask = (manager: GatewayManager, known: Known, happening: Happening, world: World) => Promise<unknown>

interface Request {
  readonly ask: Ask
  /** The wish once it is granted; absent: it stays. */
  readonly wish?: Wish
  readonly record?: 'there' | 'gone'
  /** It leads to a login that a person answers for. */
  readonly logsIn?: boolean
}

const caller = { actor: 'person' }

const requests: Partial<Record<HappeningKind, Request>> = {
  launch: { ask: (manager, { id }) => manager.launchGateway(id, caller), wish: 'running', logsIn: true },
  stop: { ask: (manager, { id }) => manager.stopGateway(id, caller), wish: 'stopped' },
  'restart container': {
    ask: (manager, { id }) => manager.restartGateway(id, 'container', caller),
    logsIn: true,
  },
  'restart softly': { ask: (manager, { id }) => manager.restartGateway(id, 'soft', caller) },
  reconnect: { ask: (manager, { id }) => manager.reconnectGateway(id, caller) },
  'change settings': {
    ask: (manager, { id }, { dice }) =>
      manager.patchFollower(id, { gateway: { javaHeapMb: 768 + Math.floor(dice * 4) * 128 } }, caller),
  },
  disable: {
    ask: (manager, { id }, { dice }) =>
      manager.patchFollower(id, dice < 0.5 ? { enabled: false } : { state: 'MANUAL_INTERVENTION' }, caller),
    wish: 'stopped',
  },
  enable: {
    ask: (manager, { id }) => manager.patchFollower(id, { enabled: true, state: 'ACTIVE' }, caller),
    // Of one that was enabled it changes nothing, and that one may have been stopped.
    wish: 'unknown',
  },
  delete: { ask: (manager, { id }) => manager.deleteFollower(id, caller), wish: 'stopped', record: 'gone' },
  create: {
    ask: (manager, { body }) => manager.createFollower(body, caller),
    wish: 'running',
    record: 'there',
  },
  'put credentials': {
    ask: async (manager, { id, username }, { dice }, { broker }) => {
      const password = dice < 0.8 ? `secret of ${username}` : 'mistyped'
      await manager.putCredentials(
        id,
        { username, password },
        { ...caller, ...(dice < 0.2 && { store: 'embedded' as const }) },
      )
      // Whoever enters it answers for one more login with it, whenever that can be.
      broker.users.get(username)?.refused.delete(password)
    },
    logsIn: true,
  },
  lease: {
    ask: (manager, { id }, { dice }) =>
      manager.lease(id, {
        purpose: `bot-${Math.floor(dice * 3)}`,
        ttlSeconds: 60 + Math.floor(dice * 3_600),
      }),
  },
}

export const isRequest = (kind: HappeningKind) => requests[kind] !== undefined

/** Asks, if there is a manager to ask. What becomes of it is written down as people would know it. */
export function ask(world: World, known: Known, happening: Happening): void {
  const request = requests[happening.kind]
  const manager = world.process?.manager
  if (!request || !manager) return
  const { ask, wish, record, logsIn } = request
  const turn = ++known.asked
  const before = { wish: known.wish, record: known.record }
  if (wish) known.wish = 'unknown'
  if (record) known.record = 'unknown'
  if (logsIn) known.logins.push(world.time.monotonicMs)
  Promise.resolve()
    .then(() => ask(manager, known, happening, world))
    .then(
      () => {
        world.note(`granted ${happening.kind} ${known.id}`)
        // Whoever asked something else meanwhile may have had the last word.
        if (turn !== known.asked) return
        if (wish) known.wish = wish
        if (record) known.record = record
      },
      (error) => {
        if (!isFleetError(error)) {
          const told = error instanceof Error ? (error.stack ?? error.message) : String(error)
          world.broken(`${happening.kind} failed with no error of ours: ${told}`, known.id)
          return
        }
        world.note(`refused ${happening.kind} ${known.id} ${error.code}`)
        if (turn !== known.asked || mayHaveHappened(error, happening.kind)) return
        if (wish) known.wish = before.wish
        if (record) known.record = before.record
      },
    )
}

/** Refused before anything was written; of the others, people look again. */
function mayHaveHappened({ code }: FleetError, kind: HappeningKind): boolean {
  if (kind === 'delete') return code !== 'FOLLOWER_NOT_FOUND'
  return ['STORE_UNAVAILABLE', 'SHUTTING_DOWN', 'FOLLOWER_EXISTS', 'REVISION_MISMATCH'].includes(code)
}
