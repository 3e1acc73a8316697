// What a forwarder tells: each event with its level and its words, for a log and for a person.
import type { Log } from '../ports/log.ts'
import { type Endpoint, endpointText } from './addresses.ts'

export type ForwarderEvent =
  | { readonly event: 'listening'; readonly addresses: readonly string[]; readonly target: string }
  /** The first connection since the start, or since `target-down`, has got through; `turnedAway` did not in between. */
  | { readonly event: 'target-up'; readonly target: string; readonly turnedAway: number }
  /** Told once, however many connections fail, until one gets through. */
  | {
      readonly event: 'target-down'
      readonly target: string
      readonly code: string
      readonly problem: string
      readonly action: string
    }
  /** Both at most once a minute: `count` since the last time. */
  | { readonly event: 'peer-refused'; readonly peer: string; readonly count: number }
  | { readonly event: 'full'; readonly limit: number; readonly count: number }
  | { readonly event: 'closed'; readonly accepted: number }

export type Tell = (event: ForwarderEvent) => void

/** One line for a person. */
export function eventText(told: ForwarderEvent): string {
  switch (told.event) {
    case 'listening':
      return `listening on ${told.addresses.join(', ')}, forwarding to ${told.target}`
    case 'target-up':
      return `${told.target} takes connections${told.turnedAway > 0 ? ` again; ${counted(told.turnedAway, 'connection')} failed meanwhile` : ''}`
    case 'target-down':
      return `${told.target} ${told.problem}; clients are closed until it comes back. ${told.action}`
    case 'peer-refused':
      return `refused ${counted(told.count, 'connection')}, the last from ${told.peer}, which is not allowed in. If it should come in, allow that address or its network (--allow, FORWARD_ALLOW).`
    case 'full':
      return `refused ${counted(told.count, 'connection')}: all ${told.limit} that may be open are. See which client opens so many.`
    case 'closed':
      return `closed after ${counted(told.accepted, 'connection')}`
  }
}

/** Tells a log: messages are constant, what varies is in the fields. */
export function tellLog(log: Log): Tell {
  return (told) => {
    const { event, ...fields } = told
    const level = isTrouble(told) ? 'warn' : 'info'
    log[level](fields, logMessages[event])
  }
}

/** Whether somebody was turned away. */
export function isTrouble({ event }: ForwarderEvent): boolean {
  return event === 'target-down' || event === 'peer-refused' || event === 'full'
}

const logMessages: Readonly<Record<ForwarderEvent['event'], string>> = {
  listening: 'port forwarding is up',
  'target-up': "the forwarder's target takes connections",
  'target-down': "the forwarder's target takes no connections; its clients are closed until it comes back",
  'peer-refused': 'the forwarder refused peers that are not allowed in',
  full: 'the forwarder refused connections: as many as may be are open',
  closed: 'port forwarding has ended',
}

/** Why a connection to the target failed, and what to do. */
export function targetFailure(
  code: string,
  target: Endpoint,
): { readonly code: string; readonly problem: string; readonly action: string } {
  const [problem, action] = failures[code] ?? [`cannot be reached (${code})`, checkAddress]
  return { code, problem, action: action.replace('TARGET', endpointText(target)) }
}

const checkAddress = 'See that TARGET is the right address.'
const failures: Readonly<Record<string, readonly [problem: string, action: string]>> = {
  ECONNREFUSED: [
    'refuses connections: nothing listens there',
    'See that the gateway runs and is logged in, and that TARGET is its API port (IB Gateway 4001 live, 4002 paper; TWS 7496, 7497).',
  ],
  ETIMEDOUT: [
    'does not answer',
    'See that its machine is up, and that no firewall drops what is sent to TARGET.',
  ],
  ENOTFOUND: ['has a name that nobody knows', checkAddress],
  EAI_AGAIN: ['has a name that cannot be looked up now', 'See that name resolution works on this machine.'],
  EHOSTUNREACH: ['cannot be reached: no route leads to it', checkAddress],
  ENETUNREACH: ['cannot be reached: no route leads to it', checkAddress],
  EMFILE: ['was not asked: this process has no file descriptor left', 'Raise its limit (ulimit -n).'],
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
