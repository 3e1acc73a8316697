// TWS framing: four bytes of big-endian length, then fields that each end in a NUL.

/** The largest payload a client accepts, and the largest we accept. */
export const maxFrameBytes = 0xff_ff_ff

/** The versions that a client speaks, and its options. */
const maxGreetingBytes = 1024
const greetingPrefix = Buffer.from('API\0', 'latin1')

export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation'
}

export type Field = string | number | boolean

/** Cuts a byte stream, however it was segmented, into payloads. The stream opens with `API\0`, which has no length. */
export class FrameDecoder {
  /** Room for what has come of an unfinished frame; grows with it, whatever its length says and however small the pieces are. */
  #held = Buffer.alloc(0)
  #heldBytes = 0
  #greeted = false
  #maxBytes = maxGreetingBytes
  #needed = greetingPrefix.length

  /** @throws ProtocolViolation on a wrong prefix, a long greeting, or a length over {@link maxFrameBytes}; the stream is then lost. */
  push(chunk: Buffer): string[] {
    const bytes = this.#heldBytes === 0 ? chunk : this.#append(chunk)
    const payloads: string[] = []
    let offset = 0
    if (bytes.length >= this.#needed) {
      if (!this.#greeted) {
        if (!bytes.subarray(0, greetingPrefix.length).equals(greetingPrefix)) {
          throw new ProtocolViolation('the stream does not open with API\\0')
        }
        this.#greeted = true
        offset = greetingPrefix.length
      }
      while (true) {
        const left = bytes.length - offset
        this.#needed = 4
        if (left < 4) break
        const length = bytes.readUInt32BE(offset)
        if (length > this.#maxBytes) throw new ProtocolViolation(`a frame of ${length} bytes`)
        this.#needed = 4 + length
        if (left < this.#needed) break
        payloads.push(bytes.toString('utf8', offset + 4, offset + this.#needed))
        this.#maxBytes = maxFrameBytes
        offset += this.#needed
      }
    }
    if (offset > 0 || this.#heldBytes === 0) {
      this.#held = Buffer.from(bytes.subarray(offset))
      this.#heldBytes = this.#held.length
    }
    return payloads
  }

  #append(chunk: Buffer): Buffer {
    const bytes = this.#heldBytes + chunk.length
    if (bytes > this.#held.length) {
      const grown = Buffer.allocUnsafe(Math.max(bytes, 2 * this.#held.length))
      this.#held.copy(grown, 0, 0, this.#heldBytes)
      this.#held = grown
    }
    chunk.copy(this.#held, this.#heldBytes)
    this.#heldBytes = bytes
    return this.#held.subarray(0, bytes)
  }
}

export function splitFields(payload: string): string[] {
  const fields = payload.split('\0')
  if (fields.at(-1) === '') fields.pop()
  return fields
}

export function encodeFrame(fields: readonly Field[]): Buffer {
  const payload = Buffer.from(fields.map((field) => `${asciiField(field)}\0`).join(''), 'latin1')
  const frame = Buffer.allocUnsafe(4 + payload.length)
  frame.writeUInt32BE(payload.length)
  payload.copy(frame, 4)
  return frame
}

/** Text that clients un-escape (error messages, long names): a literal backslash is doubled. */
export function escapeText(text: string): string {
  return text.replaceAll('\\', '\\\\')
}

function asciiField(field: Field): string {
  if (typeof field === 'boolean') return field ? '1' : '0'
  return String(field).replace(
    /[\u0080-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
