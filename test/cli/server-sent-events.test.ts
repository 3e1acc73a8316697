// Event streams cut anywhere read the same.
import fc from 'fast-check'
import t from 'tap'
import { readEvents, type ServerSentEvent } from '../../src/cli/server-sent-events.ts'

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
    { numRuns: 50 },
  )
})
