// The few private parts of @stoqey/ib 1.6.10 that have to be replaced, in one place. A release that moves them is refused, not half used.
import type { Socket } from 'node:net'
import { IBApi } from '@stoqey/ib'
import { FleetError } from '../../ports/errors.ts'
import type { IbTarget } from '../../ports/ib.ts'
import { FieldQueue } from './field-queue.ts'

interface VendorSocket {
  /** The TCP socket, from `connect()` on. */
  client?: Socket
  onData(chunk: Buffer): void
  onMessage(text: string): void
  send(tokens: unknown[]): void
}

interface VendorDecoder {
  dataQueue: FieldQueue
  decodeUnicodeEscapedString(text: string): string
}

interface VendorController {
  readonly socket: VendorSocket
  readonly decoder: VendorDecoder
  rateLimiter(tokens: unknown[]): void
  schedule(write: () => void): void
}

export interface Vendor {
  readonly api: IBApi
  /** Opens the TCP socket and returns it. */
  connect(): Socket
  /** Decodes one frame and emits its events. Throws what the decoder throws. */
  decode(text: string): void
}

/**
 * A new, unconnected IBApi whose bytes go to `onData` first. The library's own reader loops for ever on a length of
 * 0xFFFFFFFC and lets decoder errors escape as uncaught exceptions.
 */
export function createVendor(target: IbTarget, onData: (chunk: Buffer) => void): Vendor {
  // With all four options given it never reads its configuration, which would load `.env` into our environment.
  const api = new IBApi({ ...target, maxReqPerSec: 1000 })
  const controller = (api as unknown as { controller?: Partial<VendorController> }).controller
  const { socket, decoder } = controller ?? {}
  if (
    !controller ||
    !socket ||
    !decoder ||
    typeof socket.onData !== 'function' ||
    typeof socket.onMessage !== 'function' ||
    typeof socket.send !== 'function' ||
    typeof decoder.decodeUnicodeEscapedString !== 'function' ||
    !Array.isArray(decoder.dataQueue) ||
    typeof controller.rateLimiter !== 'function' ||
    typeof controller.schedule !== 'function'
  )
    throw new FleetError(
      'INTERNAL',
      'This release of @stoqey/ib differs inside from 1.6.10, which the adapter was made for.',
    )
  socket.onData = onData
  // Its limiter starts a timer of 100 ms for every message and queues what nobody can take back; pacing is the session's.
  controller.rateLimiter = (tokens) => socket.send(tokens)
  // What it schedules while it thinks itself unconnected would leave later, when nobody can call it back.
  controller.schedule = (write) => write()
  decoder.dataQueue = new FieldQueue()
  // Theirs takes quadratic time, which a text full of escapes turns into minutes.
  decoder.decodeUnicodeEscapedString = unescapeUnicode
  return {
    api,
    connect() {
      api.connect()
      if (!socket.client) throw new FleetError('INTERNAL', '@stoqey/ib did not open a socket.')
      return socket.client
    },
    decode: (text) => socket.onMessage(text),
  }
}

/** The API is 7-bit: from server version 153 on, other characters come as `\uXXXX`. */
function unescapeUnicode(text: string): string {
  return text.replace(/\\u([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
