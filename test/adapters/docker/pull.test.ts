// Pulls from an engine that is a script: progress, refusals that come late, and silence.
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { PullShare } from '../../../src/adapters/docker/pull.ts'
import { createDockerRuntime } from '../../../src/adapters/docker/runtime.ts'
import { systemClock } from '../../../src/adapters/system-clock.ts'
import type { Log } from '../../../src/ports/log.ts'
import type { PullProgress } from '../../../src/ports/runtime.ts'

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log }
const anySignal = new AbortController().signal

async function engineThat(t: Test, answer: RequestListener) {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const dockerHost = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`
  return createDockerRuntime({ dockerHost, managerId: 'm', network: 'n', log, clock: systemClock() })
}

t.test('the share of bytes, over layers as they are found', async (t) => {
  const share = new PullShare()
  const download = (id: string, current: number, total: number) =>
    share.read({ id, status: 'Downloading', progressDetail: { current, total } }).share
  t.equal(share.read({ id: '1.0', status: 'Pulling from gateway' }).share, 0)
  t.equal(download('a', 50, 100), 0.5)
  t.equal(download('b', 0, 100), 0.25, 'goes back when more is found')
  t.equal(share.read({ id: 'a', status: 'Download complete' }).share, 0.5)
  const extracting = { id: 'a', status: 'Extracting', progressDetail: { current: 1, total: 100 } }
  t.equal(share.read(extracting).share, 0.5, 'extracting is no downloading')
  t.strictSame(share.read({ id: 'b', status: 'Pull complete' }), { share: 1, text: 'b: Pull complete' })
})

t.test('a pull tells how far it is, and asks for one tag', async (t) => {
  let asked = ''
  const runtime = await engineThat(t, (request, response) => {
    asked = request.url ?? ''
    response.write('{"status":"Downloading","id":"a","progressDetail":{"current":25,"tot')
    setImmediate(() => response.end('al":100}}\n{"status":"Pull complete","id":"a"}\n'))
  })
  const seen: PullProgress[] = []
  await runtime.pullImage('gnzsnz/ib-gateway', (progress) => seen.push(progress), anySignal)
  t.match(asked, /fromImage=gnzsnz%2Fib-gateway&tag=latest/)
  t.strictSame(
    seen.map(({ share }) => share),
    [0.25, 1, 1],
  )
})

t.test('a refusal in the middle of the stream', async (t) => {
  const runtime = await engineThat(t, (_request, response) => {
    response.end('{"status":"Pulling"}\n{"error":"manifest unknown","errorDetail":{}}\n')
  })
  await t.rejects(
    runtime.pullImage('gone:1', () => {}, anySignal),
    { code: 'IMAGE_MISSING', message: /gone:1/ },
  )
})

t.test('an abort, and a stream that breaks', async (t) => {
  const runtime = await engineThat(t, (_request, response) => {
    response.write('{"status":"Pulling"}\n')
  })
  const abort = new AbortController()
  const reason = new Error('not needed any more')
  const pull = runtime.pullImage('slow:1', () => abort.abort(reason), abort.signal)
  await t.rejects(pull, reason)
  const breaking = await engineThat(t, (_request, response) => {
    response.write('{"status":"Pulling"}\n', () => response.destroy())
  })
  await t.rejects(
    breaking.pullImage('cut:1', () => {}, anySignal),
    { code: 'ENGINE_UNAVAILABLE' },
  )
})
