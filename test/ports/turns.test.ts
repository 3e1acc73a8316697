// One at a time per key, whatever becomes of each.
import { setImmediate as later } from 'node:timers/promises'
import t from 'tap'
import { Turns } from '../../src/ports/turns.ts'

t.test('in order per key, side by side otherwise, past failures too', async (t) => {
  const turns = new Turns()
  const seen: string[] = []
  const work = (name: string) => async () => {
    seen.push(`${name} starts`)
    await later()
    seen.push(`${name} ends`)
    if (name === 'a1') throw new Error('a1 failed')
    return name
  }
  const outcomes = await Promise.allSettled([
    turns.take('a', work('a1')),
    turns.take('a', work('a2')),
    turns.take('b', work('b1')),
  ])
  t.match(outcomes, [{ status: 'rejected' }, { value: 'a2' }, { value: 'b1' }])
  t.ok(seen.indexOf('a1 ends') < seen.indexOf('a2 starts'))
  t.ok(seen.indexOf('b1 starts') < seen.indexOf('a1 ends'))
  t.equal(await turns.take('a', work('a3')), 'a3')
  t.equal(turns.has('a'), false, 'nothing is kept of what is over')
})

t.test('who stops waiting for a turn goes at once and loses it; the others keep theirs', async (t) => {
  const turns = new Turns()
  const seen: string[] = []
  let end = () => {}
  const first = turns.take('a', () => new Promise<void>((resolve) => (end = resolve)))
  const gone = new AbortController()
  const left = turns.take('a', async () => void seen.push('left'), gone.signal)
  const last = turns.take('a', async () => void seen.push('last'), new AbortController().signal)
  await later()
  gone.abort(new Error('gone'))
  await t.rejects(left, /gone/)
  await t.rejects(
    turns.take('b', async () => void seen.push('b'), gone.signal),
    /gone/,
  )
  end()
  await Promise.all([first, last])
  t.strictSame(seen, ['last'])
  t.equal(turns.has('a'), false)
})

t.test('work whose turn has come is waited for to its end', async (t) => {
  const turns = new Turns()
  const gone = new AbortController()
  const work = async () => {
    await later()
    gone.abort(new Error('gone'))
    await later()
    return 'whole'
  }
  t.equal(await turns.take('a', work, gone.signal), 'whole')
})
