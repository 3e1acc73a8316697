import t from 'tap'
import { addressKey } from '../../src/doors/addresses.ts'
import { RateWindow } from '../../src/doors/rate-window.ts'
import { FakeClock } from '../fake-clock.ts'

t.test('never more than the limit in any window, and the wait is exact', async (t) => {
  const clock = new FakeClock()
  const window = new RateWindow({ limit: 3, windowMs: 1000, maxKeys: 10, clock })
  t.equal(window.take('a'), 0)
  await clock.advance(600)
  t.strictSame([window.take('a'), window.take('a'), window.take('a')], [0, 0, 400])
  t.equal(window.take('b'), 0, 'keys do not share')
  await clock.advance(399)
  t.equal(window.take('a'), 1)
  await clock.advance(1)
  t.strictSame([window.take('a'), window.take('a')], [0, 600], 'one has left the window, one may enter')
  clock.jumpWallClock(-3_600_000)
  t.equal(window.take('a'), 600, 'the wall clock is none of its business')
  await clock.advance(60_000)
  t.strictSame(
    [1, 2, 3, 4].map(() => window.take('a') > 0),
    [false, false, false, true],
  )
})

t.test('it remembers so many keys and no more', async (t) => {
  const window = new RateWindow({ limit: 1, windowMs: 1000, maxKeys: 100, clock: new FakeClock() })
  for (let i = 0; i < 10_000; i += 1) window.take(`address ${i}`)
  t.equal(window.size, 100)
  t.equal(window.take('address 9999'), 1000, 'the latest are known')
  t.equal(window.take('address 0'), 0, 'the oldest made room')
})

t.test('addresses', async (t) => {
  const rows: Array<[address: string, key: string]> = [
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::1', '0:0:0:0'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::9', '2001:db8:1:2'],
    ['2001:db8::9', '2001:db8:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ]
  for (const [address, key] of rows) t.equal(addressKey(address), key, address)
})
