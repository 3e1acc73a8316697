// Ports, usernames and client ids: never given twice, never lost.
import fc from 'fast-check'
import t from 'tap'
import { chooseClientId, PortPool, UsernamePool } from '../../../src/fleet/reconcile/pools.ts'
import { isFleetError } from '../../../src/ports/errors.ts'

t.test('ports', async (t) => {
  const pool = new PortPool({ from: 10, to: 12 })
  t.equal(pool.reserve('a', null, 0), 10)
  t.equal(pool.reserve('a', 12, 0), 10, 'one each')
  t.equal(pool.reserve('b', 12, 0), 12, 'the preferred one')
  t.equal(pool.reserve('c', 12, 0), 11, 'else the lowest free one')
  t.throws(() => pool.reserve('d', null, 0), {
    code: 'PORT_EXHAUSTED',
    message: /10-12.*follower d: 3 are held by gateways, 0 by other/,
  })
  pool.release('a')
  pool.release('a')
  t.equal(pool.reserve('d', 99, 0), 10, 'out of the range is no wish')
  pool.skipTaken('d', 100)
  pool.skipTaken('nobody', 100)
  t.throws(() => pool.reserve('d', 10, 99), { code: 'PORT_EXHAUSTED', message: /1 by other/ })
  t.equal(pool.reserve('d', null, 100), 10, 'a stranger is forgotten in time')
  pool.adopt('e', 4711)
  t.equal(pool.holds('e'), 4711, 'adopted out of the range')
  t.equal(pool.size, 4)
})

t.test('ports: random owners never share one, and all come back', async () => {
  const owner = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
  const port = fc.integer({ min: 0, max: 5 })
  const action = fc.record({ kind: fc.constantFrom('reserve', 'release', 'skip', 'adopt'), owner, port })
  fc.assert(
    fc.property(fc.array(action), (actions) => {
      const pool = new PortPool({ from: 0, to: 3 })
      const owners = () => ['a', 'b', 'c', 'd', 'e', 'f'].filter((name) => pool.holds(name) !== undefined)
      actions.forEach(({ kind, owner, port }, now) => {
        if (kind === 'release') pool.release(owner)
        if (kind === 'skip') pool.skipTaken(owner, now + 3)
        const taken = owners().some((name) => name !== owner && pool.holds(name) === port)
        if (kind === 'adopt' && !taken) pool.adopt(owner, port)
        if (kind === 'reserve')
          try {
            pool.reserve(owner, port, now)
          } catch (err) {
            if (!isFleetError(err, 'PORT_EXHAUSTED')) throw err
          }
        const held = owners().map((name) => pool.holds(name))
        if (new Set(held).size !== held.length || held.length !== pool.size) throw new Error(`held: ${held}`)
      })
      for (const name of owners()) pool.release(name)
      const again = ['a', 'b', 'c', 'd'].map((name) => pool.reserve(name, null, 1e9))
      return pool.size === 4 && again.join() === '0,1,2,3'
    }),
  )
})

t.test('usernames', async (t) => {
  const pool = new UsernamePool()
  pool.reserve('a', 'x')
  pool.reserve('a', 'x')
  t.throws(() => pool.reserve('b', 'x'), { code: 'USERNAME_IN_USE', message: /follower a/ })
  pool.reserve('a', 'y')
  t.equal(pool.ownerOf('x'), undefined, 'another login lets go of the first')
  pool.reserve('b', 'x')
  t.equal(pool.size, 2)
  t.ok(pool.release('a'))
  t.notOk(pool.release('a'))
  t.equal(pool.ownerOf('x'), 'b')
})

t.test('client ids', async (t) => {
  const range = { from: 1000, to: 1003 }
  const taken = (...ids: number[]) => new Set(ids)
  t.equal(
    chooseClientId(range, taken(), () => 0),
    1000,
  )
  t.equal(
    chooseClientId(range, taken(), () => 0.999),
    1003,
  )
  t.equal(
    chooseClientId(range, taken(1003), () => 0.999),
    1000,
    'around the end',
  )
  t.equal(
    chooseClientId(range, taken(1000, 1001, 1003), () => 0),
    1002,
  )
  t.equal(
    chooseClientId(range, taken(1000, 1001, 1002, 1003), () => 0),
    undefined,
  )
})
