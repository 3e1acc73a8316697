// TWS framing: four bytes of big-endian length, then fields that each end in a NUL.

/** The largest payload a client accepts, and the largest we accept. */
export const maxFrameBytes = 0xff_ff_ff

const greetingPrefix = Buffer.from('API\0', 'latin1')

export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation'
}

export type Field = string | number | boolean

/** Cuts a byte stream, however it was segmented, into payloads. The stream opens with `API\0`, which has no length. */
export class FrameDecoder {
  #chunks: Buffer[] = []
  #buffered = 0
  #greeted = false
  #needed = greetingPrefix.length

  /** @throws ProtocolViolation on a wrong prefix or a length over {@link maxFrameBytes}; the stream is then lost. */
  push(chunk: Buffer): string[] {
    this.#chunks.push(chunk)
    this.#buffered += chunk.length
    if (this.#buffered < this.#needed) return []
    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks)
    const payloads: string[] = []
    let offset = 0
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
      if (length > maxFrameBytes) throw new ProtocolViolation(`a frame of ${length} bytes`)
      this.#needed = 4 + length
      if (left < this.#needed) break
      payloads.push(bytes.toString('utf8', offset + 4, offset + this.#needed))
      offset += this.#needed
    }
    this.#chunks = offset < bytes.length ? [bytes.subarray(offset)] : []
    this.#buffered = bytes.length - offset
    return payloads
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
