// The stored record of a gateway and the one in memory: never apart for long, whatever the store does.
import t from 'tap'
import { assertRecord, remember } from '../../../src/fleet/reconcile/hands.ts'
import { FleetError } from '../../../src/ports/errors.ts'
import type { GatewayRecord, Stores } from '../../../src/ports/stores.ts'
import { keeperOf } from '../keepers.ts'

t.test('a wish whose write was not acknowledged is taken back, as its caller was told', async (t) => {
  const stored: GatewayRecord[] = []
  let answers = true
  const put = async (record: GatewayRecord) => {
    stored.push(record)
    if (!answers) throw new FleetError('STORE_UNAVAILABLE', 'no answer')
  }
  const stores = { gateways: { put } } as unknown as Stores
  const keeper = keeperOf()
  answers = false
  await t.rejects(remember(keeper, { stores }, { desired: 'stopped' }), { code: 'STORE_UNAVAILABLE' })
  t.equal(stored.at(-1)?.desired, 'stopped', 'another manager would stop it')
  t.equal(keeper.record.desired, 'running')
  await t.rejects(assertRecord(keeper, { stores }), { code: 'STORE_UNAVAILABLE' })
  answers = true
  await assertRecord(keeper, { stores })
  t.equal(stored.at(-1)?.desired, 'running')
  const writes = stored.length
  await assertRecord(keeper, { stores })
  t.equal(stored.length, writes, 'once')
})
