// Frames come out of the decoder the same, however the stream was cut.
import fc from 'fast-check'
import t from 'tap'
import {
  encodeFrame,
  escapeText,
  FrameDecoder,
  maxFrameBytes,
  ProtocolViolation,
  splitFields,
} from '../../src/simulator/wire.ts'

const greeting = Buffer.from('API\0')
const field = fc.stringMatching(/^[ -~]{0,20}$/)
const frames = fc.array(fc.array(field, { minLength: 1, maxLength: 8 }), { maxLength: 12 })

t.test('any segmentation yields the same frames', async () => {
  fc.assert(
    fc.property(frames, fc.array(fc.nat(200)), (sent, cuts) => {
      const stream = Buffer.concat([greeting, ...sent.map(encodeFrame)])
      const merged = new FrameDecoder().push(stream).map(splitFields)
      const single = [...stream].flatMap(
        (
          (decoder) => (byte: number) =>
            decoder.push(Buffer.of(byte))
        )(new FrameDecoder()),
      )
      const pieces = new FrameDecoder()
      const cut: string[] = []
      let offset = 0
      for (const length of [...cuts, stream.length]) {
        cut.push(...pieces.push(stream.subarray(offset, offset + length)))
        offset += length
      }
      const wanted = JSON.stringify(sent)
      return (
        JSON.stringify(merged) === wanted &&
        JSON.stringify(single.map(splitFields)) === wanted &&
        JSON.stringify(cut.map(splitFields)) === wanted
      )
    }),
  )
})

t.test('a stream that opens otherwise is refused', async (t) => {
  t.throws(() => new FrameDecoder().push(Buffer.from('GET / HTTP/1.1\r\n')), ProtocolViolation)
})

t.test('a frame over 16 MB is refused by its length alone', async (t) => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(maxFrameBytes + 1)
  t.throws(() => new FrameDecoder().push(Buffer.concat([greeting, length])), ProtocolViolation)
})

t.test('a greeting is short: nobody holds a megabyte before saying who it is', async (t) => {
  t.throws(
    () => new FrameDecoder().push(Buffer.concat([greeting, Buffer.from([0, 16, 0, 0])])),
    ProtocolViolation,
  )
})

t.test('a large frame in small pieces is decoded in time that grows with its size', async (t) => {
  const text = 'x'.repeat(4_000_000)
  const stream = Buffer.concat([greeting, encodeFrame(['v100..193']), encodeFrame([text])])
  const decoder = new FrameDecoder()
  const found: string[] = []
  for (let offset = 0; offset < stream.length; offset += 1_000) {
    found.push(...decoder.push(stream.subarray(offset, offset + 1_000)))
  }
  t.equal(found.length, 2)
  t.equal(found[1]?.length, text.length + 1)
})

t.test('the wire is ASCII: other letters go as escapes, booleans as digits', async (t) => {
  const [payload = ''] = new FrameDecoder().push(Buffer.concat([greeting, encodeFrame(['é€', true, 1.5])]))
  t.strictSame(splitFields(payload), ['\\u00e9\\u20ac', '1', '1.5'])
  t.equal(escapeText('a\\b'), 'a\\\\b')
})
