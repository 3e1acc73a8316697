// The faults a person or a test can inject at run time, by name, with an optional value.

/** How the API handshake can go wrong (the drills of TWS client robustness: what a wedged or foreign server does). */
export const handshakeFaults = {
  A: 'accept, never reply',
  B: 'accept, then close',
  C: 'reply, never answer START_API',
  D: 'reply, close 500 ms after START_API',
  F1: 'no nextValidId',
  F2: 'no managedAccounts',
  F3: 'empty managedAccounts',
  G: 'claim server version 225',
  G2: 'claim server version 150',
  H: 'accounts and order id in the segment of the reply',
  I: 'reply split into two segments',
} as const
export type HandshakeFault = keyof typeof handshakeFaults

export const faultNames = [
  'drop',
  'mute',
  'half-open',
  'slow',
  '1100',
  '1101',
  '1102',
  '2110',
  'farm-down',
  'farm-up',
  'nightly-restart',
  'exit',
  'oom',
  'reject-326',
  'refuse-login',
  'approve-2fa',
  'handshake',
  'order-delay',
  'order-silent',
  'order-reject',
  'order-any-hour',
  'executions-endless',
  'clear',
] as const
type PlainFault = Exclude<
  (typeof faultNames)[number],
  'slow' | 'exit' | 'handshake' | 'order-delay' | 'order-reject'
>

export type Fault =
  | { name: PlainFault }
  | { name: 'slow'; delayMs: number }
  | { name: 'exit'; code: number }
  | { name: 'handshake'; mode: HandshakeFault }
  | { name: 'order-delay'; delayMs: number }
  | { name: 'order-reject'; text: string }

export class UnknownFault extends Error {
  override readonly name = 'UnknownFault'
}

const defaultSlowMs = 2_000
const defaultRejection = 'The simulated gateway takes no orders'
const maxDelayMs = 600_000

/**
 * `exit 1`, `slow 500` and `order-reject no funds` may also come as one text. Without a value, `slow` and `order-delay`
 * mean 2,000 ms, `exit` status 1 and `handshake` A.
 * @throws UnknownFault with the list of names, or with what the fault's value must be.
 */
export function parseFault(text: string, argument?: string): Fault {
  const [name = '', inline] = text.trim().split(/\s+/)
  const value = argument?.trim() || inline
  if (name === 'slow' || name === 'order-delay')
    return { name, delayMs: wholeNumber(name, value ?? defaultSlowMs, maxDelayMs) }
  if (name === 'order-reject') {
    const reason = [text.trim().slice(name.length), argument ?? ''].map((part) => part.trim())
    return { name, text: reason.filter(Boolean).join(' ') || defaultRejection }
  }
  if (name === 'exit') return { name, code: wholeNumber(name, value ?? 1, 255) }
  if (name === 'handshake') {
    const mode = (value ?? 'A').toUpperCase()
    if (mode in handshakeFaults) return { name, mode: mode as HandshakeFault }
    throw new UnknownFault(`handshake takes one of ${Object.keys(handshakeFaults).join(' ')}, not ${value}`)
  }
  const plain = faultNames.find((known) => known === name)
  if (plain) return { name: plain as PlainFault }
  throw new UnknownFault(`unknown fault ${JSON.stringify(name)}; known: ${faultNames.join(', ')}`)
}

function wholeNumber(name: string, value: string | number, max: number): number {
  const number = Number(value)
  if (Number.isInteger(number) && number >= 0 && number <= max) return number
  throw new UnknownFault(`${name} takes a whole number from 0 to ${max}, not ${value}`)
}
