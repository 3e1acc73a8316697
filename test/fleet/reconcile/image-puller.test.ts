// Pulls are shared: one per image, progress for all, and nobody's leaving ends it for the others.
import t from 'tap'
import { ImagePuller } from '../../../src/fleet/reconcile/image-puller.ts'
import type { GatewayRuntime, PullProgress } from '../../../src/ports/runtime.ts'
import { settle } from '../../fake-clock.ts'

interface Pull {
  image: string
  tell: (progress: PullProgress) => void
  done: () => void
  fail: (err: Error) => void
  signal: AbortSignal
}

function pulling() {
  const pulls: Pull[] = []
  const runtime = {
    pullImage: (image: string, tell: Pull['tell'], signal: AbortSignal) =>
      new Promise<void>((done, fail) => {
        pulls.push({ image, tell, done, fail, signal })
        signal.addEventListener('abort', () => fail(signal.reason))
      }),
  } as unknown as GatewayRuntime
  return { pulls, puller: new ImagePuller(runtime) }
}
const signal = () => new AbortController().signal

t.test('one pull for all, with progress for each', async (t) => {
  const { pulls, puller } = pulling()
  const [told, late]: [string[], string[]] = [[], []]
  const first = puller.pull('a', (text) => told.push(text), signal())
  pulls[0]?.tell({ share: 0.256, text: 'of 1 GB' })
  pulls[0]?.tell({ share: 0.257, text: 'of 1 GB' })
  const second = puller.pull('a', (text) => late.push(text), signal())
  const other = puller.pull('b', () => undefined, signal())
  pulls[0]?.tell({ share: 1, text: 'of 1 GB' })
  t.equal(pulls.length, 2)
  for (const pull of pulls) pull.done()
  await Promise.all([first, second, other])
  t.strictSame(told, ['25 % of 1 GB', '100 % of 1 GB'])
  t.strictSame(late, ['25 % of 1 GB', '100 % of 1 GB'])
})

t.test('one who leaves does not end it', async (t) => {
  const { pulls, puller } = pulling()
  const leaving = new AbortController()
  const told: string[] = []
  const left = puller.pull('a', (text) => told.push(text), leaving.signal)
  const stays = puller.pull('a', () => undefined, signal())
  leaving.abort(new Error('left'))
  await t.rejects(left, { message: 'left' })
  pulls[0]?.tell({ share: 0.5, text: '' })
  t.strictSame(told, [])
  t.notOk(pulls[0]?.signal.aborted)
  pulls[0]?.done()
  await stays
  await t.rejects(
    puller.pull('a', () => undefined, AbortSignal.abort(new Error('late'))),
    { message: 'late' },
  )
  t.equal(pulls.length, 1)
})

t.test('a failure reaches all, and the next asks again', async (t) => {
  const { pulls, puller } = pulling()
  const both = [puller.pull('a', () => undefined, signal()), puller.pull('a', () => undefined, signal())]
  pulls[0]?.fail(new Error('no such image'))
  for (const pull of both) await t.rejects(pull, { message: 'no such image' })
  const again = puller.pull('a', () => undefined, signal())
  t.equal(pulls.length, 2)
  pulls[1]?.done()
  await again
})

t.test('close ends all pulls, waited for or not', async (t) => {
  const { pulls, puller } = pulling()
  const leaving = new AbortController()
  const left = puller.pull('a', () => undefined, leaving.signal)
  const waits = puller.pull('b', () => undefined, signal())
  leaving.abort(new Error('left'))
  await t.rejects(left)
  const closed = puller.close()
  await t.rejects(waits, { message: 'the manager is stopping' })
  await closed
  await settle()
  t.ok(pulls.every((pull) => pull.signal.aborted))
})
