// The simulated world: host, engine, store, Vault, IBKR and people, and what is known of it for sure.
import type { FollowerCreate } from '../../schemas/follower.ts'
import type { GatewayCredentials } from '../../src/ports/runtime.ts'
import { Chance } from '../drill/random.ts'
import { Broker } from './broker.ts'
import { type Container, Engine } from './engine.ts'
import type { ManagerProcess } from './manager-process.ts'
import { Documents } from './store.ts'
import { Trace } from './trace.ts'
import { Vault } from './vault.ts'
import { VirtualTime } from './virtual-time.ts'

/** A promise that was not kept. */
export interface Violation {
  readonly atMs: number
  readonly what: string
  readonly followerId?: string
}

/** What people last asked for, as far as they were told that it was done. */
export type Wish = 'running' | 'stopped' | 'unknown'

/** One follower, as people know it. */
export interface Known {
  readonly id: string
  readonly username: string
  readonly body: FollowerCreate
  /** Whether its record must be there. */
  record: 'there' | 'gone' | 'unknown'
  wish: Wish
  /** The last thing that somebody asked, to tell answers that come late. */
  asked: number
  /** When people asked for a login (ms of the simulation): those are theirs to answer for. */
  readonly logins: number[]
}

const shortSecret = (username: string) => `secret of ${username}`

export class World {
  readonly time: VirtualTime
  readonly broker = new Broker()
  readonly engine: Engine
  readonly documents = new Documents()
  /** The followers as last known, on the manager's own disk. */
  readonly localCopy = new Documents()
  readonly vault = new Vault()
  readonly copies = new Map<string, GatewayCredentials>()
  readonly trace = new Trace()
  readonly followers: Known[]
  readonly violations: Violation[] = []
  /** The manager that runs now, if any. */
  process: ManagerProcess | null = null

  constructor(seed: number, followers: number, startAt: number) {
    this.time = new VirtualTime(startAt)
    const chance = new Chance(seed)
    this.engine = new Engine({
      time: this.time,
      chance: new Chance(chance.below(2 ** 32)),
      broker: this.broker,
    })
    this.followers = Array.from({ length: followers }, (_, index) => this.#meet(index, chance))
    this.documents.onEvent = ({ type, followerId = '', message, data }) =>
      this.note(`${type} ${followerId} ${message} ${data ? JSON.stringify(data) : ''}`)
    this.documents.onAlert = ({ key, level, resolvedAt, message }) =>
      this.note(`alert ${resolvedAt === undefined ? level : 'resolved'} ${key} ${message}`)
  }

  note(text: string): void {
    this.trace.add(this.time.monotonicMs, text)
  }

  broken(what: string, followerId?: string): void {
    this.note(`VIOLATION ${followerId ?? ''} ${what}`)
    this.violations.push({
      atMs: this.time.monotonicMs,
      what,
      ...(followerId !== undefined && { followerId }),
    })
  }

  known(id: string): Known | undefined {
    return this.followers.find((known) => known.id === id)
  }

  container(known: Known): Container | undefined {
    return this.engine.of(known.id)
  }

  /** Whether what is kept for it is what IBKR takes. */
  hasRightSecret({ id, username }: Known): boolean {
    return this.vault.secrets.get(id)?.password === this.broker.users.get(username)?.password
  }

  putRightSecret({ id, username }: Known): void {
    const password = this.broker.users.get(username)?.password ?? ''
    this.vault.secrets.set(id, { username, password })
  }

  /** The record as it is stored, and whether it may have a gateway. */
  isWanted({ id }: Known): boolean {
    const follower = this.documents.followers.get(id)
    const eligible = follower?.enabled === true && follower.state === 'ACTIVE'
    return eligible && this.documents.gateways.get(id)?.desired === 'running'
  }

  /** One in eight shares the username of its neighbour; two in five have a phone; half have a copy of their login beside Vault. */
  #meet(index: number, chance: Chance): Known {
    const id = `f${String(index).padStart(3, '0')}`
    const shares = index % 8 === 7
    const number = shares ? index - 1 : index
    const username = `user-${number}`
    const mode = number % 3 === 0 ? 'live' : 'paper'
    const account = `${mode === 'live' ? 'U' : 'DU'}${1_000_000 + number}`
    if (!shares)
      this.broker.add({
        name: username,
        password: shortSecret(username),
        twofa: chance.next() < 0.4,
        accounts: [account],
      })
    const secret = { username, password: shortSecret(username) }
    this.vault.secrets.set(id, secret)
    if (chance.next() < 0.5) this.copies.set(id, secret)
    const body: FollowerCreate = {
      id,
      tradingMode: mode,
      ...(chance.next() < 0.5 && { accounts: [account] }),
      gateway: {
        timeZone: chance.one(['America/New_York', 'Europe/London', 'Asia/Tokyo']),
        autoRestartTime: chance.one(['04:30 PM', '11:45 PM', '02:00 AM', '07:15 AM']),
      },
    }
    const at = new Date(this.time.now).toISOString()
    this.documents.followers.set(id, {
      enabled: true,
      state: 'ACTIVE',
      tradingMode: mode,
      ...body,
      createdAt: at,
      updatedAt: at,
      revision: 1,
    })
    return { id, username, body, record: 'there', wish: 'running', asked: 0, logins: [] }
  }
}
