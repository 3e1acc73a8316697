// Whoever stops waiting goes at once and leaves nothing behind; the work goes on.
import { getEventListeners } from 'node:events'
import t from 'tap'
import { unlessAborted } from '../../src/ports/unless-aborted.ts'

t.test('the outcome of the work, whatever it is, when it comes first', async (t) => {
  const { signal } = new AbortController()
  t.equal(await unlessAborted(Promise.resolve('done'), signal), 'done')
  await t.rejects(unlessAborted(Promise.reject(new Error('failed')), signal), /failed/)
  t.equal(await unlessAborted(Promise.resolve('done'), undefined), 'done')
  t.strictSame(getEventListeners(signal, 'abort'), [])
})

t.test('the reason of the signal when it aborts first, or has already', async (t) => {
  let fail = (_error: Error) => {}
  const work = new Promise<never>((_, reject) => {
    fail = reject
  })
  const gone = new AbortController()
  const left = unlessAborted(work, gone.signal)
  gone.abort(new Error('gone'))
  await t.rejects(left, /gone/)
  await t.rejects(unlessAborted(work, gone.signal), /gone/)
  fail(new Error('of no interest to anybody any more'))
  await t.rejects(work)
  t.strictSame(getEventListeners(gone.signal, 'abort'), [])
})
