// What malicious gateways do, by name. Shares no code with client or simulator.
import type { Socket } from 'node:net'
import { accounts, frame, handshake, length, orderId } from './tws-stub.ts'

export interface Deed {
  /** When it begins: instead of the answer to `API\0…`, instead of the answer to START_API, or once all is well. */
  readonly at: 'hello' | 'start' | 'ready'
  run(socket: Socket): void
}

const garbage = Buffer.from(Array.from({ length: 5_000 }, (_, index) => (255 + index * 7919) % 256))
const noLetters = Buffer.from([...Buffer.from('4\x002\x00-1\x00321\x00'), 0xff, 0xfe, 0xc3, 0x28, 0, 0])
const escapes = '\u001b[2J\u001b]0;owned\u0007\r\n{"level":60,"msg":"forged"}\u202e'

/** Sends the parts one after the other, as long as somebody is there. */
function slowly(socket: Socket, parts: readonly Uint8Array[], everyMs: number): void {
  const [first, ...others] = parts
  if (!first || socket.destroyed) return
  socket.write(first)
  setTimeout(() => slowly(socket, others, everyMs), everyMs)
}

const bytewise = (bytes: Buffer) => [...bytes].map((byte) => Buffer.of(byte))

/** As fast as the other side reads. */
function endlessly(message: (count: number) => Buffer): (socket: Socket) => void {
  return (socket) => {
    let count = 0
    const pump = () => {
      if (socket.destroyed) return
      const messages: Buffer[] = []
      for (let size = 0; size < 262_144; size += messages.at(-1)?.length ?? 0) messages.push(message(count++))
      if (socket.write(Buffer.concat(messages))) setImmediate(pump)
      else socket.once('drain', pump)
    }
    pump()
  }
}

const sends =
  (...bytes: Buffer[]) =>
  (socket: Socket) =>
    void socket.write(Buffer.concat(bytes))

/** Each ends its connection, or is survived by it. */
export const deeds = {
  'garbage for a handshake': { at: 'hello', run: sends(garbage) },
  'a length of 4 GiB': { at: 'hello', run: sends(length(0xffffffff)) },
  'an end for a handshake': { at: 'hello', run: (socket) => void socket.end() },
  'no handshake': { at: 'hello', run() {} },
  'a handshake byte by byte': {
    at: 'hello',
    run: (socket) => slowly(socket, bytewise(handshake()), 400),
  },
  'a version from the future': { at: 'hello', run: sends(handshake(999_999)) },
  'no accounts': { at: 'start', run: sends(orderId) },
  'no order id': { at: 'start', run: sends(accounts) },
  'a megabyte of accounts': {
    at: 'start',
    run: sends(frame(15, 1, Array.from({ length: 100_000 }, (_, n) => `DU${n + 1e6}`).join()), orderId),
  },
  'an account of escape codes': { at: 'start', run: sends(frame(15, 1, `DU1,${escapes}`), orderId) },
  'an order id that is no number': { at: 'start', run: sends(accounts, frame(9, 1, 'NaN')) },
  'an order id below zero': { at: 'start', run: sends(accounts, frame(9, 1, -5)) },
  'an order id beyond all': { at: 'start', run: sends(accounts, frame(9, 1, '99999999999999999999')) },
  'accounts and ids that change': {
    at: 'start',
    run: sends(accounts, frame(15, 1, 'DU7,DU7,'), orderId, frame(9, 1, 3), frame(15, 1, 'U1'), orderId),
  },
  'garbage after all was well': { at: 'ready', run: sends(garbage) },
  'a frame of 50 MB in pieces': {
    at: 'ready',
    run: (socket) =>
      slowly(socket, [length(50_000_000), ...Array.from({ length: 20 }, () => Buffer.alloc(100_000))], 5),
  },
  'a frame of 12 MB that never ends': {
    at: 'ready',
    run: (socket) =>
      slowly(socket, [length(12_000_000), ...Array.from({ length: 20 }, () => Buffer.alloc(100_000))], 5),
  },
  'a frame of 16 million fields': { at: 'ready', run: sends(length(16_000_000), Buffer.alloc(16_000_000)) },
  'a reset in mid-frame': {
    at: 'ready',
    run(socket) {
      socket.write(frame(4, 2, -1, 2104, 'x'.repeat(1000), '').subarray(0, 300))
      setTimeout(() => socket.resetAndDestroy(), 20)
    },
  },
  'an end in mid-frame': {
    at: 'ready',
    run: (socket) => void socket.end(frame(4, 2, -1, 2104, 'x'.repeat(1000), '').subarray(0, 300)),
  },
  'a million bars that never come': {
    at: 'ready',
    run: sends(frame(17, 1, '20261120', '20261121', 1_000_000, '20261120', 1, 2, 3)),
  },
  'an order whose quantity is no number': {
    at: 'ready',
    run: sends(frame(3, 7, 'Submitted', 'NaN', '1e400', 'x', -1, 0, 0, 1, '', 0)),
  },
  'answers to what nobody asked': {
    at: 'ready',
    run: sends(
      frame(1, 6, 77, 4, 'NaN', '1e400', 0),
      frame(46, 6, -3, 45, ''),
      frame(17, 1_000_000_000, 'a', 'b', 1, 'x', 'NaN', '1e400', '', -1, 'y', 0, 0),
      frame(52, 1, 4_294_967_296),
      frame(57, 1, 'NaN'),
      frame(62, 1),
      frame(4, 2, 4_000_000, 162, 'no such request', ''),
    ),
  },
  'letters that are none': { at: 'ready', run: sends(length(noLetters.length), noLetters) },
  'a megabyte of escape codes': {
    at: 'ready',
    run: sends(frame(4, 2, -1, 321, escapes.repeat(30_000), '')),
  },
  'a refusal that is no JSON': {
    at: 'ready',
    run: sends(frame(4, 2, 9, 201, 'Order rejected', `{"${escapes.repeat(30_000)}`)),
  },
} satisfies Record<string, Deed>

/** They go on until they are thrown out. */
export const floods = {
  'farms that nobody knows': {
    at: 'ready',
    run: endlessly((count) => frame(4, 2, -1, 2103, `is broken:farm${count}`, '')),
  },
  'an upstream that comes and goes': {
    at: 'ready',
    run: endlessly((count) => frame(4, 2, -1, count % 2 ? 1100 : 1102, 'Connectivity', '')),
  },
  'the time without end': { at: 'ready', run: endlessly(() => frame(49, 1, 1_700_000_000)) },
} satisfies Record<string, Deed>

/** Prices for the first request that is made, but never the end of them. */
const answers = {
  'an answer without end': {
    at: 'ready',
    run: (socket) =>
      void socket.once('data', () => endlessly(() => frame(1, 6, 1_000_000_000, 4, 1.5, 10, 0))(socket)),
  },
} satisfies Record<string, Deed>

export const everyDeed: Readonly<Record<string, Deed>> = { ...deeds, ...floods, ...answers }
