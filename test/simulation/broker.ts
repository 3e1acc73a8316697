// IBKR's side: users, their passwords and phones, who is logged in, and every login that was tried.

export interface User {
  readonly name: string
  password: string
  readonly twofa: boolean
  readonly accounts: readonly string[]
  /** The person holds the phone; a push is approved after `approvesAfterMs`. */
  holdsPhone: boolean
  approvesAfterMs: number
  /** Somebody is logged in elsewhere, and stays. */
  loggedInElsewhere: boolean
  /** The week up to which the session may be resumed without a full login. */
  tokenWeek: number
  /** Passwords that were refused, and since when a manager could know it. */
  readonly refused: Map<string, { at: number; told: boolean }>
}

export interface LoginTry {
  readonly user: string
  readonly password: string
  readonly containerId: string
  /** Wall clock. */
  readonly at: number
  readonly outcome: LoginOutcome
}
export type LoginOutcome = 'ok' | 'twofa' | 'refused' | 'unavailable' | 'elsewhere' | 'hangs'

const weekMs = 7 * 86_400_000
/** Monday 1970-01-05 05:00 UTC: sessions end in the night from Sunday to Monday, New York. */
const firstWeekMs = 4 * 86_400_000 + 5 * 3_600_000

export const weekOf = (at: number) => Math.floor((at - firstWeekMs) / weekMs)

export class Broker {
  readonly users = new Map<string, User>()
  readonly tries: LoginTry[] = []
  /** IBKR takes no logins. */
  available = true
  /** Logins get no answer. */
  hangs = false

  add(user: Pick<User, 'name' | 'password' | 'twofa' | 'accounts'>): void {
    this.users.set(user.name, {
      ...user,
      holdsPhone: true,
      approvesAfterMs: 15_000,
      loggedInElsewhere: false,
      tokenWeek: 0,
      refused: new Map(),
    })
  }

  /** A full login with name and password. */
  submit(name: string, password: string, containerId: string, at: number): LoginOutcome {
    const outcome = this.#judge(name, password, at)
    this.tries.push({ user: name, password, containerId, at, outcome })
    return outcome
  }

  /** A restart with the stored session: without login until the week is over. */
  resume(name: string, at: number): 'ok' | 'expired' | 'unavailable' {
    if (!this.available) return 'unavailable'
    const user = this.users.get(name)
    return user && weekOf(at) <= user.tokenWeek ? 'ok' : 'expired'
  }

  #judge(name: string, password: string, at: number): LoginOutcome {
    if (!this.available) return 'unavailable'
    if (this.hangs) return 'hangs'
    const user = this.users.get(name)
    if (!user) return 'refused'
    if (user.password !== password) {
      user.refused.set(password, user.refused.get(password) ?? { at, told: false })
      return 'refused'
    }
    user.refused.delete(password)
    if (user.loggedInElsewhere) return 'elsewhere'
    user.tokenWeek = weekOf(at)
    return user.twofa ? 'twofa' : 'ok'
  }
}
