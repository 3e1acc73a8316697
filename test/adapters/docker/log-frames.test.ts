// The engine's log stream cut in every unlucky place.
import t from 'tap'
import { type Frame, LogFrames, LogLines, maxLineBytes } from '../../../src/adapters/docker/log-frames.ts'

const stamp = (n: number) => `2026-11-16T08:20:0${n}.098123456Z`

function frame(type: 1 | 2, payload: string | Buffer): Buffer {
  const body = Buffer.from(payload as string)
  const header = Buffer.alloc(8)
  header[0] = type
  header.writeUInt32BE(body.length, 4)
  return Buffer.concat([header, body])
}

/** Lines out of the bytes, fed in pieces of `size`. */
function read(bytes: Buffer, size = bytes.length) {
  const frames = new LogFrames()
  const lines = new LogLines()
  const found = []
  for (let at = 0; at < bytes.length; at += size) {
    for (const each of frames.push(bytes.subarray(at, at + size))) found.push(...lines.push(each))
  }
  return [...found, ...lines.flush()]
}

const sample = Buffer.concat([
  frame(1, `${stamp(1)} .> 😘 Received SIGINT or SIGTERM.\n`),
  frame(2, `${stamp(2)} to stderr\r\n`),
  frame(1, `${stamp(3)} \n`),
  frame(1, `${stamp(4)} without an end`),
])

t.test('any cut of the bytes gives the same lines', async (t) => {
  const whole = read(sample)
  t.strictSame(
    whole.map(({ stream, text }) => [stream, text]),
    [
      ['stdout', '.> 😘 Received SIGINT or SIGTERM.'],
      ['stderr', 'to stderr'],
      ['stdout', ''],
      ['stdout', 'without an end'],
    ],
  )
  t.equal(whole[0]?.at, Date.UTC(2026, 10, 16, 8, 20, 1, 98))
  for (const size of [1, 2, 3, 7, 13, 64]) t.strictSame(read(sample, size), whole, `in pieces of ${size}`)
})

t.test('a line that came in several frames is one, also when cut inside a character', async (t) => {
  const euro = Buffer.from('€')
  const first = Buffer.concat([Buffer.from(`${stamp(1)} one `), euro.subarray(0, 1)])
  const second = Buffer.concat([Buffer.from(`${stamp(2)} `), euro.subarray(1), Buffer.from(' two\n')])
  const between = frame(2, `${stamp(1)} meanwhile\n`)
  const lines = read(Buffer.concat([frame(1, first), between, frame(1, second)]))
  t.match(lines, [{ text: 'meanwhile' }, { text: 'one € two', stamp: stamp(1) }])
})

t.test('several lines in one frame', async (t) => {
  const lines = read(frame(1, `${stamp(1)} a\n${stamp(2)} b\n`))
  t.strictSame(
    lines.map(({ text, stamp: at }) => [text, at]),
    [
      ['a', stamp(1)],
      ['b', stamp(2)],
    ],
  )
})

t.test('a line without end does not fill the memory', async (t) => {
  const lines = new LogLines()
  const piece: Frame = { stream: 'stdout', payload: Buffer.from(`${stamp(1)} ${'x'.repeat(16_384)}`) }
  for (let count = 0; count < 100; count++) t.same(lines.push(piece), [])
  const [line] = lines.push({ stream: 'stdout', payload: Buffer.from('\n') })
  t.equal(line?.text, `${'x'.repeat(maxLineBytes)} … (${100 * 16_384} bytes)`)
})
