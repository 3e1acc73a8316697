// Connection strings carry a password: nothing that is thrown or logged may.
import { createServer } from 'node:net'
import { inspect } from 'node:util'
import { MongoNetworkError } from 'mongodb'
import { pino } from 'pino'
import t from 'tap'
import { confidential, storeError } from '../../../src/adapters/mongo/errors.ts'
import { isFleetError } from '../../../src/ports/errors.ts'
import { closedPort } from '../../cli/harness.ts'
import { never } from '../../contracts/stores.ts'
import { openStores } from './subject.ts'

const canary = 'k9-canary-p@ss/wörd'
const encoded = encodeURIComponent(canary)

/** Everything that a log or a careless `console.log` would show. */
function shown(error: unknown): string {
  let line = ''
  pino({}, { write: (text) => (line += text) }).error({ err: error }, 'failed')
  const stack = error instanceof Error ? `${error.stack} ${error.cause}` : ''
  return `${inspect(error, { depth: 20, showHidden: true })} ${stack} ${line}`
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => t.fail('it should have failed'),
    (error: unknown) => error,
  )
}

function isSilent(text: string): boolean {
  return ![canary, encoded, 'k9-canary'].some((secret) => text.includes(secret))
}

t.test('a server that is down, or speaks another protocol', async (t) => {
  const stranger = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
  t.teardown(() => stranger.close())
  const address = stranger.address()
  const ports = [await closedPort(), typeof address === 'object' ? (address?.port ?? 0) : 0]
  const tries = ports.map(async (port) => {
    const url = `mongodb://ibgm:${encoded}@127.0.0.1:${port}/?authSource=admin`
    const stores = await openStores(t, { url, database: 'x' })
    const startedMs = performance.now()
    const errors = await Promise.all([failure(stores.ping()), failure(stores.lock.acquire('m', never))])
    t.ok(performance.now() - startedMs < 10_000, 'in a few seconds')
    for (const error of errors) {
      t.ok(isFleetError(error, 'STORE_UNAVAILABLE'))
      t.match(error, { message: new RegExp(`127\\.0\\.0\\.1:${port}/x`), retryAfterMs: Number })
      t.ok(isSilent(shown(error)), 'the password is nowhere')
    }
  })
  await Promise.all(tries)
})

t.test('connection strings that cannot be one', async (t) => {
  const urls = [
    `http://ibgm:${encoded}@localhost`,
    `mongodb://ibgm:${canary}@localhost`,
    `mongodb://ibgm:${encoded}@`,
    `mongodb://ibgm:${encoded}@localhost:notaport`,
    `mongodb://ibgm:${encoded}@localhost/?unknownOption=1`,
    `mongodb+srv://ibgm:${encoded}@one,two`,
    canary,
    '',
  ]
  for (const url of urls) {
    const error = await failure(openStores(t, { url, database: 'x' }))
    t.ok(isFleetError(error, 'INVALID_REQUEST'), url)
    t.match(error, { message: /MONGODB_URL/ })
    t.ok(isSilent(shown(error)))
  }
})

t.test('a text of the driver that repeats it all', async (t) => {
  const url = `mongodb://ibgm:${encoded}@db:27017`
  const vendor = new MongoNetworkError(`could not open ${url} with ${canary}`)
  const error = storeError('answer', vendor, { place: 'db:27017/x', secrets: confidential(url) })
  t.ok(isFleetError(error, 'STORE_UNAVAILABLE'))
  t.ok(isSilent(shown(error)))
})
