// What can go wrong in the made-up world, and how a login goes under it.
import type { Observation } from '../../src/fleet/lifecycle/state.ts'
import { login } from './looks.ts'

// biome-ignore format: a list
export const faults = [
  'badpass', 'twofa', 'hungTwofa', 'stall', 'mute', 'lost', 'farm', 'account',
  'noImage', 'noLaunch', 'noSoft', 'engineDown', 'storeDown', 'logCut',
] as const
export type Fault = (typeof faults)[number]

type Login = NonNullable<Observation['login']>
interface Turn {
  readonly afterMs: number
  readonly login: Login
  /** The container ends with it. */
  readonly exits?: boolean
  /** Comes only if the login is still in this phase. */
  readonly from?: Login['verdict']['phase']
}

/** The turns of a login that begins now. */
export function loginScript(on: ReadonlySet<Fault>, now: number): Turn[] {
  const failed = (code: 'CREDENTIALS_REJECTED' | 'LOGIN_STALLED') =>
    login(code === 'LOGIN_STALLED' ? 'backing-off' : 'locked', { reason: { code } })
  if (on.has('badpass')) return [{ afterMs: 0, login: failed('CREDENTIALS_REJECTED') }]
  if (on.has('stall')) {
    const silent = login('logging-in', { nextCheckAt: now + 90_000 })
    return [
      { afterMs: 0, login: silent },
      { afterMs: 90_000, login: failed('LOGIN_STALLED') },
    ]
  }
  if (!on.has('twofa')) return [{ afterMs: 0, login: login('connecting') }]
  const { streak } = login('booting').progress
  const hangs = on.has('hungTwofa')
  const missed = hangs ? { ...streak, twofaPushes: 1 } : { ...streak, twofaPushes: 1, twofaTimeouts: 1 }
  const asking = login('awaiting-2fa', { reason: { code: 'AWAITING_2FA' }, deadline: now + 200_000 })
  const given = login('backing-off', { reason: { code: 'TWOFA_TIMEOUT' } }, { streak: missed })
  return [
    { afterMs: 0, login: asking },
    { afterMs: hangs ? 200_000 : 180_000, login: given, exits: !hangs, from: 'awaiting-2fa' },
  ]
}
