// The stored record of a gateway and the one in memory: never apart for long, whatever the store does.
import t from 'tap'
import { assertRecord, remember } from '../../../src/fleet/records/gateway-record.ts'
import { FleetError } from '../../../src/ports/errors.ts'
import type { GatewayRecord, Stores } from '../../../src/ports/stores.ts'
import { settle } from '../../fake-clock.ts'
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

t.test('what is so already is not written, and what was written needs no second time', async (t) => {
  const stored: GatewayRecord[] = []
  const put = async (record: GatewayRecord) => void stored.push(record)
  const stores = { gateways: { put } } as unknown as Stores
  const keeper = keeperOf()
  t.equal(await remember(keeper, { stores }, { desired: keeper.record.desired }), false)
  t.equal(stored.length, 0)
  t.equal(await remember(keeper, { stores }, { desired: 'stopped' }), true)
  await assertRecord(keeper, { stores })
  t.match(stored, [{ desired: 'stopped' }])
  t.equal(stored.length, 1)
})

t.test('a change that is asked for while the record is written again waits for that', async (t) => {
  const stored: string[] = []
  let isAway = true
  const answers: Array<() => void> = []
  const put = async ({ desired }: GatewayRecord) => {
    if (isAway) throw new FleetError('STORE_UNAVAILABLE', 'away')
    await new Promise<void>((resolve) => answers.push(resolve))
    stored.push(desired)
  }
  const stores = { gateways: { put } } as unknown as Stores
  const keeper = keeperOf()
  await t.rejects(remember(keeper, { stores }, { desired: 'stopped' }))
  isAway = false
  const asserted = assertRecord(keeper, { stores })
  const changed = remember(keeper, { stores }, { desired: 'stopped' })
  await settle()
  t.equal(answers.length, 1)
  answers.shift()?.()
  await asserted
  await settle()
  answers.shift()?.()
  await changed
  t.strictSame(stored, ['running', 'stopped'])
})
