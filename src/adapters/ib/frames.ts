// Cuts the byte stream of a gateway into frames and refuses what cannot be one, before any decoder sees it.

/** The largest frame that IB's own clients accept. */
const maxFrameBytes = 0xffffff
/** The first frame holds a version and a time. */
const maxHelloBytes = 1024
/** 125,000 bars, where IB sends some 60,000 at most. Taking 16 million fields apart would stop the process for ten seconds. */
const maxFields = 1_000_000
const lengthBytes = 4
const noBytes = Buffer.alloc(0)

export class FrameReader {
  /** The start of a frame whose end has not come yet; grows with what arrives, never with what a length promises. */
  #held = noBytes
  #heldBytes = 0
  #maxBytes = maxHelloBytes

  /**
   * Takes the next bytes and hands each frame they complete to `onFrame`, which says whether to go on. Throws an Error
   * that says what is wrong when the stream is none of IB's; the reader is of no use afterwards.
   */
  push(chunk: Buffer, onFrame: (text: string) => boolean): void {
    const data = this.#heldBytes === 0 ? chunk : this.#append(chunk)
    let at = 0
    while (data.length - at >= lengthBytes) {
      const start = at + lengthBytes
      const length = data.readUInt32BE(at)
      if (length === 0) throw new Error('it sent an empty frame')
      if (length > this.#maxBytes) throw new Error(`it announced a frame of ${length} bytes`)
      const end = start + length
      if (end > data.length) break
      if (data[end - 1] !== 0) throw new Error('it sent a frame without its closing NUL')
      if (length > maxFields) refuseTooManyFields(data, start, end)
      this.#maxBytes = maxFrameBytes
      at = end
      if (!onFrame(data.toString('utf8', start, end))) return
    }
    this.#keep(data, at)
  }

  #append(chunk: Buffer): Buffer {
    const bytes = this.#heldBytes + chunk.length
    if (bytes > this.#held.length) {
      const grown = Buffer.allocUnsafe(Math.max(bytes, this.#held.length * 2))
      this.#held.copy(grown, 0, 0, this.#heldBytes)
      this.#held = grown
    }
    chunk.copy(this.#held, this.#heldBytes)
    this.#heldBytes = bytes
    return this.#held.subarray(0, bytes)
  }

  #keep(data: Buffer, from: number): void {
    if (from === 0 && this.#heldBytes > 0) return
    this.#heldBytes = data.length - from
    this.#held = this.#heldBytes === 0 ? noBytes : Buffer.from(data.subarray(from))
  }
}

function refuseTooManyFields(data: Buffer, start: number, end: number): void {
  let fields = 0
  for (let at = start; at < end; at++) if (data[at] === 0) fields += 1
  if (fields > maxFields) throw new Error(`it sent a frame of ${fields} fields`)
}

/**
 * An error frame (`4, 2, id, code, text, json`) without its last field. The library parses that JSON without a guard, and
 * un-escapes it first, so that even a valid one may throw.
 */
export function withoutOrderReject(text: string): { frame: string; orderRejectJson?: string } {
  if (!text.startsWith('4\0')) return { frame: text }
  const fields = text.split('\0')
  const [, , , , , json] = fields
  if (!json || fields.length !== 7) return { frame: text }
  fields[5] = ''
  return { frame: fields.join('\0'), orderRejectJson: json }
}

/** Up to here a version stood before the request id of bars. */
const lastVersionedBars = 123

/** Whose answer a message with bars is: the one kind that is long enough for it to matter whether anybody waits for it. Undefined for all others. */
export function barsRequestOf(text: string, serverVersion: number): number | undefined {
  if (!text.startsWith('17\0') || serverVersion <= lastVersionedBars) return undefined
  return Number(text.slice(3, text.indexOf('\0', 3)))
}

/** Where the messages that hold a list say how long it is: the library makes room for the whole list before it reads any of it. */
const countAt: ReadonlyMap<number, number> = new Map([
  [77, 2],
  [78, 1],
  [79, 2],
  [80, 1],
  [85, 1],
  [89, 2],
  [93, 2],
  [96, 2],
  [97, 2],
  [98, 2],
  [106, 5],
])

/** Throws an Error when a frame announces a list that is longer than itself. */
export function refuseImpossibleCount(text: string): void {
  const at = countAt.get(Number.parseInt(text, 10))
  if (at === undefined) return
  const count = Number.parseInt(text.split('\0', at + 1)[at] ?? '', 10)
  if (count > text.length) throw new Error(`it announced a list of ${count} in ${text.length} characters`)
}
