// What each kind of trouble does to the world, and how it ends.
import type { Happening, HappeningKind } from './happenings.ts'
import type { Known, World } from './world.ts'

/** Begins it; returns a function that ends it, when it lasts. */
type Fault = (world: World, known: Known, happening: Happening) => unknown

export const faults: Partial<Record<HappeningKind, Fault>> = {
  'container killed': (world, known) => endContainer(world, known, 137, false),
  'container out of memory': (world, known) => endContainer(world, known, 137, true),
  'container paused': ({ engine }, { id }) => {
    const container = engine.of(id)
    if (!container) return
    engine.pause(container)
    return () => engine.unpause(container)
  },
  'container removed by a stranger': ({ engine }, { id }) => {
    const container = engine.of(id)
    if (container) engine.remove(container)
  },
  'container restarted by a stranger': ({ engine }, { id }) => {
    const container = engine.of(id)
    if (container?.state !== 'running' || engine.strangersPorts.has(container.placement.hostPort)) return
    engine.end(container, 143)
    engine.start(container)
  },
  'api mute': ({ engine }, { id }) => {
    const api = engine.of(id)?.api
    if (!api) return
    api.isMute = true
    return () => {
      api.isMute = false
      api.speakAgain()
    }
  },
  'api slow': ({ engine }, { id }, { dice }) => {
    const api = engine.of(id)?.api
    if (!api) return
    api.slowMs = 1_000 + Math.floor(dice * 14_000)
    return () => {
      api.slowMs = 40
    }
  },
  'connections cut': ({ engine }, { id }) => {
    const api = engine.of(id)?.api
    if (!api) return
    for (const client of [...api.clients.values()]) client.cutOff(false)
    api.clients.clear()
  },
  'ends unheard': ({ engine }, { id }) => {
    const api = engine.of(id)?.api
    if (!api) return
    api.endsUnheard = true
    return () => {
      api.endsUnheard = false
    }
  },
  'upstream lost': ({ engine }, { id }) => {
    const api = engine.of(id)?.api
    api?.tellUpstream(true)
    return () => api?.tellUpstream(false)
  },
  'gateway deaf': ({ engine }, { id }) => {
    const process = engine.of(id)?.process
    if (process) process.isDeaf = true
  },
  'gateway hangs at its restart': ({ engine }, { id }) => {
    const process = engine.of(id)?.process
    if (process) process.hangsAtRestart = true
  },
  'phone lost': ({ broker }, { username }) => {
    const user = broker.users.get(username)
    if (!user) return
    user.holdsPhone = false
    return () => {
      user.holdsPhone = true
    }
  },
  'phone slow': ({ broker }, { username }, { dice }) => {
    const user = broker.users.get(username)
    if (!user) return
    user.approvesAfterMs = Math.floor(dice * 200_000)
    return () => {
      user.approvesAfterMs = 15_000
    }
  },
  'logged in elsewhere': ({ broker }, { username }) => {
    const user = broker.users.get(username)
    if (!user) return
    user.loggedInElsewhere = true
    return () => {
      user.loggedInElsewhere = false
    }
  },
  'secret wrong': ({ vault }, { id, username }, { dice }) => {
    vault.secrets.set(id, { username, password: `wrong ${Math.floor(dice * 3)}` })
  },
  'secret right': (world, known) => world.putRightSecret(known),
  'password changed at IBKR': ({ broker }, { username }, { dice }) => {
    const user = broker.users.get(username)
    if (user) user.password = `new ${Math.floor(dice * 1_000)}`
  },
  'secret forbidden': ({ vault }, { id }) => {
    vault.forbidden.add(id)
    return () => vault.forbidden.delete(id)
  },
  'name taken by a stranger': ({ engine }, { id }) => {
    const name = `ibgateway-follower-${id}`
    if (engine.of(id)) return
    engine.strangersNames.add(name)
    return () => engine.strangersNames.delete(name)
  },
  'port taken by a stranger': ({ engine, documents }, { id }) => {
    const port = documents.gateways.get(id)?.hostPort
    if (typeof port !== 'number' || engine.at(port)) return
    engine.strangersPorts.add(port)
    return () => engine.strangersPorts.delete(port)
  },

  'engine down': ({ engine }) => {
    engine.goDown(false)
    return () => engine.comeBack()
  },
  'engine down and all containers ended': ({ engine }) => {
    engine.goDown(true)
    return () => engine.comeBack()
  },
  'engine slow': ({ engine: { condition } }, _, { dice }) => {
    condition.slowMs = 200 + Math.floor(dice * 8_000)
    return () => {
      condition.slowMs = 8
    }
  },
  'engine loses answers': ({ engine: { condition } }, _, { dice }) => {
    condition.lostAnswers = 0.02 + dice * 0.3
    return () => {
      condition.lostAnswers = 0
    }
  },
  'hints lost, late and doubled': ({ engine: { hints } }, _, { dice }) => {
    Object.assign(hints, { lost: dice, doubled: 0.3, slowMs: 20_000 })
    return () => void Object.assign(hints, { lost: 0, doubled: 0, slowMs: 20 })
  },
  'image gone': ({ engine }, _, { dice }) => {
    engine.hasImage = false
    engine.registryUp = dice < 0.5
    return () => {
      engine.registryUp = true
    }
  },
  'network unsafe': ({ engine }) => {
    engine.isNetworkSafe = false
    return () => {
      engine.isNetworkSafe = true
    }
  },
  'store down': ({ documents: { condition } }) => {
    condition.up = false
    return () => {
      condition.up = true
    }
  },
  'store slow': ({ documents: { condition } }, _, { dice }) => {
    condition.slowMs = 100 + Math.floor(dice * 3_000)
    return () => {
      condition.slowMs = 0
    }
  },
  'store loses answers': ({ documents: { condition } }, _, { dice }) => {
    condition.lostAnswers = 0.02 + dice * 0.3
    return () => {
      condition.lostAnswers = 0
    }
  },
  'vault down': ({ vault }, _, { dice }) => {
    vault.condition.up = false
    vault.trouble = dice < 0.4 ? 'VAULT_UNREACHABLE' : dice < 0.7 ? 'VAULT_TIMEOUT' : 'VAULT_SEALED'
    return () => {
      vault.condition.up = true
    }
  },
  'vault slow': ({ vault: { condition } }, _, { dice }) => {
    condition.slowMs = 500 + Math.floor(dice * 10_000)
    return () => {
      condition.slowMs = 20
    }
  },
  'IBKR takes no logins': ({ broker }) => {
    broker.available = false
    return () => {
      broker.available = true
    }
  },
  'IBKR does not answer logins': ({ broker }) => {
    broker.hangs = true
    return () => {
      broker.hangs = false
    }
  },
  'clock jump': ({ time }, _, { dice }) => {
    // Mostly seconds, now and then an hour, either way.
    const size = dice < 0.7 ? 5_000 : 3_600_000
    time.jump(Math.round((((dice * 97) % 1) * 2 - 1) * size))
  },
}

function endContainer({ engine }: World, { id }: Known, status: number, outOfMemory: boolean): void {
  const container = engine.of(id)
  if (container) engine.end(container, status, outOfMemory)
}

/** Whatever else is wrong comes right. Secrets, and what people did, stay. */
export function heal({ engine, broker, documents, vault }: World): void {
  Object.assign(engine.condition, { slowMs: 8, lostAnswers: 0 })
  Object.assign(engine.hints, { lost: 0, doubled: 0, slowMs: 20 })
  Object.assign(engine, { registryUp: true, isNetworkSafe: true })
  engine.comeBack()
  engine.strangersNames.clear()
  engine.strangersPorts.clear()
  Object.assign(broker, { available: true, hangs: false })
  Object.assign(documents.condition, { up: true, slowMs: 0, lostAnswers: 0 })
  Object.assign(vault.condition, { up: true, slowMs: 20, lostAnswers: 0 })
  vault.forbidden.clear()
  for (const user of broker.users.values())
    Object.assign(user, { holdsPhone: true, approvesAfterMs: 15_000, loggedInElsewhere: false })
  for (const container of [...engine.containers.values()]) {
    engine.unpause(container)
    const { api, process } = container
    Object.assign(api, { isMute: false, slowMs: 40, endsUnheard: false })
    api.tellUpstream(false)
    api.speakAgain()
    if (process) process.hangsAtRestart = false
  }
}
