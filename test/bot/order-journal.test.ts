// The order journal: what survives a restart, a torn line, a full disk and a long life.
import { appendFile, mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { openLineFile } from '../../src/bot/line-file.ts'
import type { NewOrder } from '../../src/bot/order-book.ts'
import { OrderJournal } from '../../src/bot/order-journal.ts'
import type { IbExecution } from '../../src/ports/ib.ts'
import { FakeClock } from '../fake-clock.ts'
import { silent } from '../session/harness.ts'
import { testFolder } from '../test-folder.ts'
import { ACCOUNT, MemoryLines } from './order-world.ts'

const spy = { symbol: 'SPY', secType: 'STK', exchange: 'SMART', currency: 'USD' }
const dayMs = 86_400_000

function open(dir: string, clock = new FakeClock(), file?: MemoryLines): Promise<OrderJournal> {
  return OrderJournal.open({ dir, clock, log: silent, ...(file && { file }) })
}

function order(journal: OrderJournal, changes: Partial<NewOrder> = {}): NewOrder {
  return {
    ...journal.number(1, false),
    clientId: 1,
    account: ACCOUNT,
    contract: spy,
    action: 'BUY',
    quantity: 10,
    orderType: 'MKT',
    tif: 'DAY',
    effect: 'open',
    createdAt: Date.UTC(2026, 0, 5, 12),
    ...changes,
  }
}

function fill(
  { orderRef, orderId }: NewOrder,
  shares: number,
  changes: Partial<IbExecution> = {},
): IbExecution {
  return {
    execId: '0001.aa.01.01',
    orderId,
    clientId: 1,
    permId: 77,
    orderRef,
    account: ACCOUNT,
    contract: { ...spy, conId: 756733 },
    side: 'BOT',
    shares,
    price: 100,
    ...changes,
  }
}

t.test('after a restart: orders, fills, numbers, the day, and what was in doubt', async (t) => {
  const dir = testFolder(t)
  const first = await open(dir)
  const done = order(first)
  await first.intend(done, false)
  first.written(done.orderRef)
  t.equal(first.execution(fill(done, 4)), true)
  t.equal(first.execution(fill(done, 4)), false, 'the same fill again')
  t.equal(first.execution(fill(done, 6, { execId: '0001.aa.01.02' })), true, 'its correction')
  t.equal(first.execution(fill(done, 4, { execId: '0001.bb.01.01' })), true)
  const doubtful = order(first)
  await first.intend(doubtful, false)
  const unsent = order(first)
  await first.intend(unsent, false)
  first.unsent(unsent.orderRef, 'the gate was closed')
  const dry = { ...order(first), ...first.number(1, true) }
  await first.intend(dry, true)
  t.equal(first.openingNetLiquidation('2026-01-05', ACCOUNT, 100_000), 100_000)
  await first.close()

  const second = await open(dir)
  t.equal(second.refPrefix, first.refPrefix)
  t.match(second.refPrefix, /^ibgm-bot:[0-9a-f]{8}:$/)
  t.match(second.order(done.orderRef), { state: 'filled', filled: 10, permId: 77 })
  t.match(second.order(doubtful.orderRef), { state: 'sent' }, 'nobody knows how far it got')
  t.match(second.order(unsent.orderRef), { state: 'unsent', said: 'the gate was closed' })
  t.match(second.order(dry.orderRef), { state: 'dry-run', orderId: 0 })
  t.equal(second.ownPosition(ACCOUNT, { symbol: 'SPY' }), 10)
  t.equal(second.ownPosition('DU9', spy), 0)
  t.equal(second.openingNetLiquidation('2026-01-05', ACCOUNT, 50_000), 100_000)
  t.equal(second.openingNetLiquidation('2026-01-06', ACCOUNT, 50_000), 50_000)
  const next = second.number(1, false)
  t.equal(next.orderId, 4, 'dry runs take no id')
  t.notOk([done, doubtful, unsent, dry].some(({ orderRef }) => orderRef === next.orderRef))
  t.equal(second.number(1000, false).orderId, 1000, 'what the gateway says, when it is more')
  t.equal(second.number(5, false).orderId, 1001)
  await second.close()
})

t.test('a torn last line is cut off, a damaged one is passed over', async (t) => {
  const dir = testFolder(t)
  const first = await open(dir)
  const kept = order(first)
  await first.intend(kept, false)
  await first.close()
  await appendFile(join(dir, 'orders.jsonl'), 'null\n{"kind":"what"}\n{broken\n{"kind":"unsent","orderRef":"')
  const second = await open(dir)
  const after = order(second)
  await second.intend(after, false)
  await second.close()
  const third = await open(dir)
  t.match(third.orders(), [{ orderRef: kept.orderRef }, { orderRef: after.orderRef }])
  await third.close()
  for (const line of (await readFile(join(dir, 'orders.jsonl'), 'utf8')).trim().split('\n')) JSON.parse(line)
})

t.test('a full disk: the order is refused, what IB told is kept and written later', async (t) => {
  const file = new MemoryLines()
  const journal = await open('/nowhere', new FakeClock(), file)
  const known = order(journal)
  await journal.intend(known, false)
  file.full = true
  const refused = order(journal)
  await t.rejects(journal.intend(refused, false), { code: 'ORDER_REFUSED', message: /BOT_STATE_DIR/ })
  t.match(journal.order(refused.orderRef), { state: 'unsent' })
  journal.execution(fill(known, 10))
  await journal.flush()
  file.full = false
  await journal.intend(order(journal), false)
  await journal.close()
  const again = await open('/nowhere', new FakeClock(), file)
  t.match(again.order(known.orderRef), { state: 'filled', filled: 10 })
  t.equal(again.order(refused.orderRef), undefined)
})

t.test('what comes while the disk is busy goes to it together', async (t) => {
  const file = new MemoryLines()
  const journal = await open('/nowhere', new FakeClock(), file)
  const orders = Array.from({ length: 10 }, () => order(journal))
  await Promise.all(orders.map((each) => journal.intend(each, false)))
  t.ok(file.appends <= 2)
  await journal.close()
})

t.test('a long life: old orders are forgotten, the positions they made are not', async (t) => {
  const file = new MemoryLines()
  const clock = new FakeClock()
  const journal = await open('/nowhere', clock, file)
  for (let count = 0; count < 3_000; count++) {
    const each = order(journal, { createdAt: clock.now() })
    await journal.intend(each, false)
    journal.written(each.orderRef)
    journal.execution(fill(each, 10, { execId: `${count}.01` }))
    clock.jumpWallClock(dayMs / 100)
  }
  const working = order(journal)
  await journal.intend(working, false)
  clock.jumpWallClock(30 * dayMs)
  await journal.close()
  t.ok(file.size < 2_500_000, `${file.size} bytes`)
  const again = await open('/nowhere', clock, file)
  t.strictSame(
    again.orders().map(({ orderRef }) => orderRef),
    [working.orderRef],
    'what may still work is never forgotten',
  )
  t.equal(again.ownPosition(ACCOUNT, spy), 30_000)
  t.equal(again.execution(fill(working, 10, { orderRef: `${again.refPrefix}1` })), false, 'counted already')
  t.ok(file.size < 2_000)
  t.equal(again.number(1, false).orderId, 3_002)
})

t.test(
  'an order that was thought to be over may turn out to work, and what is filled stays so',
  async (t) => {
    const journal = await open('/nowhere', new FakeClock(), new MemoryLines())
    const each = order(journal)
    await journal.intend(each, false)
    const state = () => journal.order(each.orderRef)?.state
    journal.state(each.orderRef, 'ended', 0, 'never arrived')
    t.equal(state(), 'ended')
    journal.state(each.orderRef, 'working', 77, 'Submitted')
    t.equal(state(), 'working')
    journal.execution(fill(each, 10))
    journal.state(each.orderRef, 'working', 77, 'Submitted')
    t.equal(state(), 'filled')
    t.match(journal.orderOf(77, 0, 0), { orderRef: each.orderRef })
    t.match(journal.orderOf(0, each.orderId, 1), { orderRef: each.orderRef })
    t.equal(journal.orderOf(0, each.orderId, 2), undefined)
  },
)

t.test('a folder that cannot be used is named', async (t) => {
  const dir = testFolder(t, { file: '' })
  await t.rejects(open(join(dir, 'file')), {
    code: 'STORE_UNAVAILABLE',
    message: /orders\.jsonl.*BOT_STATE_DIR/,
  })
})

t.test('a file of lines: private, replaced at once, whole after each append', async (t) => {
  const dir = join(testFolder(t), 'new', 'folder')
  const path = join(dir, 'lines')
  const file = await openLineFile(path)
  await Promise.all([file.append(['one']), file.append(['two', 'drei ü'])])
  t.equal(await readFile(path, 'utf8'), 'one\ntwo\ndrei ü\n')
  t.equal(file.size, (await stat(path)).size)
  t.equal((await stat(path)).mode & 0o777, 0o600)
  await file.replace(['new'])
  await file.append(['after'])
  t.equal(await readFile(path, 'utf8'), 'new\nafter\n')
  await file.append(['again'])
  await file.close()
  const again = await openLineFile(path)
  t.strictSame(again.lines, ['new', 'after', 'again'])
  await again.close()
  await mkdir(join(dir, 'lines2'))
  await t.rejects(openLineFile(join(dir, 'lines2')), { code: 'EISDIR' })
})

t.test(
  'two bots with one folder: the one that came first sends nothing any more, and says why',
  async (t) => {
    const dir = testFolder(t)
    const first = await open(dir)
    await first.intend(order(first), false)
    const second = await open(dir)
    await t.rejects(first.intend(order(first), false), {
      code: 'ORDER_REFUSED',
      cause: { message: /another process writes to .*orders\.jsonl/ },
    })
    await second.intend(order(second), false)
    await first.close()
    await second.close()
    const third = await open(dir)
    t.equal(third.orders().length, 2)
    await appendFile(join(dir, 'orders.jsonl'), 'somebody else\n')
    await t.rejects(third.intend(order(third), false), { code: 'ORDER_REFUSED' })
    await third.close()
    t.match(await readFile(join(dir, 'orders.jsonl'), 'utf8'), /somebody else\n$/, 'and touches nothing')
  },
)
