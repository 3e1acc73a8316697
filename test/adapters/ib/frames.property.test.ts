// Any byte stream, cut anywhere: the same messages, or one clear failure; memory for what has come, not for what is announced.
import fc from 'fast-check'
import t from 'tap'
import {
  barsRequestOf,
  FrameReader,
  refuseImpossibleCount,
  withoutOrderReject,
} from '../../../src/adapters/ib/frames.ts'
import { plainText } from '../../../src/adapters/ib/texts.ts'
import { runs } from '../../fuzz/runs.ts'
import { frameOf, handshake, length } from '../../session/tws-stub.ts'

/** What comes out of a stream, and why it ended. */
function read(pieces: readonly Uint8Array[]): { texts: string[]; fault: string | undefined } {
  const reader = new FrameReader()
  const texts: string[] = []
  try {
    for (const piece of pieces) reader.push(Buffer.from(piece), (text) => texts.push(text) > 0)
    return { texts, fault: undefined }
  } catch (error) {
    return { texts, fault: (error as Error).message }
  }
}

/** `stream` in pieces of these lengths, and the rest. */
function cut(stream: Buffer, lengths: readonly number[]): Buffer[] {
  let at = 0
  const pieces = lengths.map((bytes) => {
    at += bytes
    return stream.subarray(at - bytes, at)
  })
  return [...pieces, stream.subarray(at)].filter((piece) => piece.length > 0)
}

const field = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }).map((text) => text.replaceAll('\0', '')),
  fc.constantFrom('', '0', '-1', 'NaN', '4294967296', 'x'.repeat(3_000)),
)
const sound = fc.array(field, { minLength: 1, maxLength: 12 }).map(frameOf)
const unsound = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom(length(0), length(0xffffffff), length(0x80000000), length(0x01000000), length(0xfffffffc)),
  sound.map((frame) => frame.subarray(0, -1)),
)
const stream = fc.array(fc.oneof({ weight: 4, arbitrary: sound }, { weight: 1, arbitrary: unsound }), {
  maxLength: 8,
})

t.test('however a stream is cut, the same messages come out of it, and the same fault', async () => {
  fc.assert(
    fc.property(stream, fc.array(fc.integer({ min: 1, max: 5_000 })), (frames, cuts) => {
      const bytes = Buffer.concat([handshake(), ...frames])
      const whole = JSON.stringify(read([bytes]))
      const single =
        bytes.length > 4_000 ? whole : JSON.stringify(read([...bytes].map((byte) => Buffer.of(byte))))
      return JSON.stringify(read(cut(bytes, cuts))) === whole && single === whole
    }),
    runs(300),
  )
})

t.test('arbitrary bytes are read or refused with a reason', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 10 }), (pieces) => {
      const { fault } = read(pieces)
      return fault === undefined || /^it (announced|sent) /.test(fault)
    }),
    runs(1_000),
  )
  t.match(read([handshake(), length(0xffffff), Buffer.alloc(10)]), { fault: undefined })
})

t.test('a length makes no room: 500 promises of 16 MB cost nothing', async (t) => {
  const before = process.memoryUsage()
  const readers = Array.from({ length: 500 }, () => {
    const reader = new FrameReader()
    reader.push(Buffer.concat([handshake(), length(0xffffff), Buffer.alloc(100)]), () => true)
    return reader
  })
  const now = process.memoryUsage()
  t.ok(now.arrayBuffers - before.arrayBuffers < 20_000_000, `for ${readers.length}`)
})

t.test('more fields than any message has are refused before they are taken apart', async (t) => {
  const nuls = Buffer.concat([length(2_000_000), Buffer.alloc(2_000_000)])
  t.match(read([handshake(), nuls]), { fault: 'it sent a frame of 2000000 fields' })
})

t.test('bars tell whose they are, unless the server is so old that a version stands before', async (t) => {
  t.equal(barsRequestOf('17\x0077\x00a\x00', 193), 77)
  t.equal(barsRequestOf('17\x003\x0077\x00', 123), undefined)
  t.equal(barsRequestOf('117\x0077\x00', 193), undefined)
})

t.test('what looks into a frame before the decoder never throws anything but a reason', async () => {
  const text = fc.array(field, { maxLength: 10 }).map((fields) => `${fields.join('\0')}\0`)
  fc.assert(
    fc.property(fc.constantFrom('4', '17', '77', '85', '106', ''), text, (id, rest) => {
      const { frame } = withoutOrderReject(`${id}\0${rest}`)
      barsRequestOf(frame, 193)
      try {
        refuseImpossibleCount(frame)
      } catch (error) {
        return /^it announced a list of/.test((error as Error).message)
      }
      return true
    }),
    runs(500),
  )
})

t.test('a text for people has no tricks in it and is not longer than allowed', async () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
  const trick = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.nat(100), (text, limit) => {
      const plain = plainText(text, limit)
      return plain.length <= limit && !trick.test(plain)
    }),
    runs(500),
  )
})
