// The engine's log stream, taken apart: frames out of bytes, lines out of frames. Pure but for the bytes it holds back.
import type { LogLine } from '../../ports/runtime.ts'

export interface Frame {
  readonly stream: 'stdout' | 'stderr'
  readonly payload: Buffer
}

const headerBytes = 8
const stderrType = 2
const newline = 0x0a
const space = 0x20
/** `2026-11-16T08:20:04.098123456Z`: the engine always writes nine decimals and Z. */
const stampBytes = 30
/** A line that is longer is cut: nothing a gateway says needs more, and memory must stay bounded. */
export const maxLineBytes = 64 * 1024

/** Engine API, "Attach to a container": `[type, 0, 0, 0, length (4 bytes, big endian)]`, then that many bytes. */
export class LogFrames {
  #rest: Buffer = Buffer.alloc(0)

  push(chunk: Buffer): Frame[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const frames: Frame[] = []
    while (this.#rest.length >= headerBytes) {
      const end = headerBytes + this.#rest.readUInt32BE(4)
      if (this.#rest.length < end) break
      frames.push({
        stream: this.#rest[0] === stderrType ? 'stderr' : 'stdout',
        payload: this.#rest.subarray(headerBytes, end),
      })
      this.#rest = this.#rest.subarray(end)
    }
    return frames
  }
}

/** A line with the engine's stamp as it stood, which orders lines more finely than milliseconds do. */
export interface StampedLine extends LogLine {
  readonly stamp: string
}

interface OpenLine {
  stamp: string
  parts: Buffer[]
  bytes: number
}

/**
 * Lines out of frames that begin with a time stamp. The engine cuts a long line into frames of 16 KiB, each with a stamp of
 * its own and anywhere in a character, so bytes are joined first and read as text when the line is complete.
 */
export class LogLines {
  readonly #open: { stdout: OpenLine | undefined; stderr: OpenLine | undefined } = {
    stdout: undefined,
    stderr: undefined,
  }

  push({ stream, payload }: Frame): StampedLine[] {
    const lines: StampedLine[] = []
    let start = 0
    while (start < payload.length) {
      const found = payload.indexOf(newline, start)
      const end = found < 0 ? payload.length : found
      this.#append(stream, payload.subarray(start, end))
      if (found >= 0) lines.push(...this.#take(stream))
      start = end + 1
    }
    return lines
  }

  /** What had no line end yet when the stream ended. */
  flush(): StampedLine[] {
    return [...this.#take('stdout'), ...this.#take('stderr')]
  }

  #append(stream: Frame['stream'], piece: Buffer): void {
    const stamp = stampOf(piece)
    const text = stamp === undefined ? piece : piece.subarray(stampBytes + 1)
    this.#open[stream] ??= { stamp: stamp ?? '', parts: [], bytes: 0 }
    const line = this.#open[stream]
    const kept = text.subarray(0, Math.max(0, maxLineBytes - line.bytes))
    // A copy, or one short piece would keep a whole chunk of the socket alive.
    if (kept.length > 0) line.parts.push(Buffer.from(kept))
    line.bytes += text.length
  }

  #take(stream: Frame['stream']): StampedLine[] {
    const line = this.#open[stream]
    this.#open[stream] = undefined
    if (!line) return []
    const cut = line.bytes > maxLineBytes ? ` … (${line.bytes} bytes)` : ''
    const text = Buffer.concat(line.parts).toString('utf8').replace(/\r$/, '') + cut
    const at = Date.parse(line.stamp)
    return [{ at: Number.isNaN(at) ? 0 : at, stream, text, stamp: line.stamp }]
  }
}

function stampOf(piece: Buffer): string | undefined {
  if (piece.length < stampBytes) return undefined
  if (piece.length > stampBytes && piece[stampBytes] !== space) return undefined
  const stamp = piece.toString('latin1', 0, stampBytes)
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/.test(stamp) ? stamp : undefined
}
