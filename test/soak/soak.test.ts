// The short form of `npm run soak`: what is opened for gateways is closed with them, and a manager's heap stays as it is.
import t from 'tap'
import { portRange } from '../fleet/world.ts'
import { testFolder } from '../test-folder.ts'
import { growth } from './heap.ts'
import { soakCycles } from './launch-cycles.ts'
import { soakFleet } from './simulated-fleet.ts'

const mega = 2 ** 20

t.test('gateways launched and stopped again and again leave nothing open and little behind', async (t) => {
  const soak = await soakCycles({
    cycles: 12,
    followers: 2,
    dataDir: testFolder(t),
    ports: portRange(40),
    warmUp: 2,
    every: 6,
  })
  t.strictSame(soak.grown, [])
  t.strictSame(soak.warnings, [])
  const [before, after] = [soak.atRest[0], soak.atRest.at(-1)]
  t.ok((after?.heap ?? 0) - (before?.heap ?? 0) < 3 * mega, 'less than 128 KB a launch')
})

t.test('a manager that runs for hours of its own time holds no more than before', async (t) => {
  const { heap, down, logins } = await soakFleet({ hours: 3, followers: 5, seed: 1 })
  t.ok(logins >= 5)
  t.strictSame(down, [])
  t.ok((heap.at(-1) ?? 0) - (heap[1] ?? 0) < 4 * mega)
})

t.test('growth is the slope of the later half', (t) => {
  t.equal(growth([0, 100, 200, 300, 300, 300, 300, 300]), 0)
  t.equal(growth([5, 5, 5, 5, 10, 12, 14, 16]), 2)
  t.equal(growth([5]), 0)
  t.end()
})
