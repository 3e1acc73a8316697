// Event streams cut anywhere read the same.
import fc from 'fast-check'
import t from 'tap'
import { readEvents, type ServerSentEvent } from '../../src/cli/server-sent-events.ts'
import { runs } from '../fuzz/runs.ts'

async function read(chunks: readonly Uint8Array[]): Promise<ServerSentEvent[]> {
  async function* body() {
    yield* chunks
  }
  const events: ServerSentEvent[] = []
  for await (const event of readEvents(body())) events.push(event)
  return events
}

const stream =
  ': hello\r\n\r\nid: 1\ndata: é one\n\nevent: error\rdata:two\r\rid: 3\ndata: a\ndata: b\ndata\n\ndata: unfinished'
const expected = [
  { event: 'message', data: 'é one', id: '1' },
  { event: 'error', data: 'two', id: '1' },
  { event: 'message', data: 'a\nb\n', id: '3' },
]

t.test('comments, ids, several data lines, every line ending', async (t) => {
  t.same(await read([Buffer.from(stream)]), expected)
})

t.test('wherever the network cuts', async () => {
  const bytes = Buffer.from(stream)
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(bytes.length)), async (cuts) => {
      const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length]
      const chunks = edges.slice(1).map((edge, at) => bytes.subarray(edges[at], edge))
      t.same(await read(chunks), expected)
    }),
    runs(50),
  )
})

t.test('arbitrary text reads the same wherever it is cut, and never throws', async () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '\r',
      '\n',
      '\r\n',
      '\n\n',
      'data:',
      'data: ',
      'event: x',
      'id: 7',
      'id',
      'retry: 9',
      ':',
      '\ufeff',
    ),
    fc.string({ unit: 'binary', maxLength: 6 }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 30 }), fc.array(fc.nat(200)), async (pieces, cuts) => {
      const bytes = Buffer.from(pieces.join(''))
      const edges = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length]
      const chunks = edges.slice(1).map((edge, at) => bytes.subarray(edges[at], edge))
      const single = [...bytes].map((byte) => Uint8Array.of(byte))
      const whole = JSON.stringify(await read([bytes]))
      return JSON.stringify(await read(chunks)) === whole && JSON.stringify(await read(single)) === whole
    }),
    runs(120),
  )
})

t.test('arbitrary bytes are read as text', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 5 }), async (chunks) => {
      await read(chunks)
    }),
    runs(200),
  )
})

t.test('a carriage return ends a line at once, also the last one', async (t) => {
  t.same(await read([Buffer.from('data: x\r\r')]), [{ event: 'message', data: 'x' }])
  t.same(await read([Buffer.from('data: x\r'), Buffer.from('\n\r\n')]), [{ event: 'message', data: 'x' }])
})

t.test('a line of 4 MB in pieces of 100 bytes is read in time that grows with its size', async (t) => {
  const piece = Buffer.from('x'.repeat(100))
  async function* body() {
    yield Buffer.from('data: ')
    for (let sent = 0; sent < 40_000; sent++) yield piece
    yield Buffer.from('\n\n')
  }
  for await (const { data } of readEvents(body())) t.equal(data.length, 4_000_000)
})
