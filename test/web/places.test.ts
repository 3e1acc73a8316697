// The dashboard's addresses.
import t from 'tap'
import { addressOf, readAddress } from '../../web/src/places.ts'

t.test('every place is found again by its address', async (t) => {
  for (const place of [
    { page: 'fleet' },
    { page: 'alerts' },
    { page: 'market-data' },
    { page: 'system' },
    { page: 'login' },
    { page: 'gateway', followerId: 'a.b_c-1' },
  ] as const)
    t.strictSame(readAddress(addressOf(place)), place)
})

t.test('odd addresses are places, too', async (t) => {
  t.strictSame(readAddress(''), { page: 'fleet' })
  t.strictSame(readAddress('#/gateways/%'), { page: 'gateway', followerId: '%' })
  t.strictSame(readAddress('#/gateways/a%20b/'), { page: 'gateway', followerId: 'a b' })
  t.strictSame(readAddress('#/nothing'), { page: 'unknown', address: '#/nothing' })
})
