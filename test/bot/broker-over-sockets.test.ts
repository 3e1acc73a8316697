// The broker over real sockets and a simulated gateway: what it does when the gateway goes away, keeps silent, or is read-only.
import t, { type Test } from 'tap'
import { ibConnector } from '../../src/adapters/ib/connector.ts'
import { Broker } from '../../src/bot/broker.ts'
import { checkGateway } from '../../src/bot/gateway-check.ts'
import { OrderGate } from '../../src/bot/order-gate.ts'
import { OrderJournal } from '../../src/bot/order-journal.ts'
import { validateGateway } from '../../src/bot/validation.ts'
import { IbSession } from '../../src/session/session.ts'
import type { SimulatedGatewayOptions } from '../../src/simulator/gateway.ts'
import { FastClock, simulatorClock } from '../fast-clock.ts'
import { options, silent } from '../session/harness.ts'
import { startLoggedIn, until } from '../simulator/harness.ts'
import { testFolder } from '../test-folder.ts'
import { buy, sell } from './order-world.ts'

async function start(t: Test, changes: Partial<SimulatedGatewayOptions> = {}) {
  const clock = new FastClock(Date.UTC(2026, 0, 5, 15))
  const gateway = await startLoggedIn(t, {
    fills: 'any-hour',
    readOnlyApi: false,
    ghostSlotSeconds: 0,
    clock: simulatorClock(clock),
    ...changes,
  })
  const deps = { clock, log: silent }
  const session = new IbSession(
    { ...deps, connector: ibConnector() },
    { ...options, port: gateway.port, clientId: 1, reconnectAttempts: 50 },
  )
  const gate = new OrderGate({ ...deps, session })
  const journal = await OrderJournal.open({ ...deps, dir: testFolder(t) })
  const broker = new Broker(gate, {
    ...deps,
    session,
    journal,
    limits: () => ({ max_daily_loss_pct: 0.5, max_single_position: 1_000 }),
    dryRun: false,
  })
  t.teardown(async () => {
    gate.stop()
    broker.stop()
    await session.disconnect()
    await journal.close()
  })
  await session.connect()
  const opened = async () => {
    const address = { host: '127.0.0.1', port: gateway.port }
    const outcome = await validateGateway(
      {
        ...deps,
        gate,
        session,
        check: (signal) => checkGateway({ connector: ibConnector(), clock }, address, signal),
        reconcile: (signal) => broker.reconcile(signal),
      },
      new AbortController().signal,
    )
    if (!outcome.ok) throw new Error(outcome.detail)
    gate.open(outcome.validation)
    const pass = gate.pass()
    if (!pass) throw new Error('no pass')
    return pass
  }
  const stateOf = (orderRef: string) => journal.order(orderRef)?.state
  return { gateway, session, gate, journal, broker, opened, stateOf }
}

t.test('buys, holds, and closes what it bought', async (t) => {
  const { broker, opened, stateOf } = await start(t)
  const pass = await opened()
  const bought = await broker.place(pass, buy('AAPL', 10))
  await until(() => stateOf(bought.orderRef) === 'filled')
  const [held] = await broker.positions(pass.account)
  t.match(held, { contract: { symbol: 'AAPL' }, own: 10 })
  const sold = await broker.place(pass, sell('AAPL', 10))
  await until(() => stateOf(sold.orderRef) === 'filled')
  t.match(broker.orders(), [{ filled: 10 }, { filled: 10 }])
})

t.test('the gateway goes away between an order and its acknowledgement', async (t) => {
  const { gateway, session, broker, opened, stateOf } = await start(t)
  const pass = await opened()
  gateway.fault('order-silent')
  const placed = await broker.place(pass, buy('AAPL', 10))
  await until(() => gateway.requests.some(({ name }) => name === 'placeOrder'))
  t.equal(stateOf(placed.orderRef), 'sent')
  await t.rejects(broker.place(pass, buy('AAPL', 1)), { code: 'ORDER_REFUSED' })
  gateway.fault('drop')
  gateway.fault('clear')
  await until(() => session.snapshot().reconnects === 1)
  t.equal(stateOf(placed.orderRef), 'sent', 'in doubt until it is reconciled')
  const again = await opened()
  t.match(stateOf(placed.orderRef), /^(working|filled)$/)
  t.match(await broker.place(again, buy('AAPL', 1)), { outcome: 'sent' })
  const recorded = (wanted: string) => gateway.requests.filter(({ name }) => name === wanted)
  await until(() => recorded('placeOrder').length === 2)
  const next = recorded('placeOrder').at(-1)
  const asked = recorded('reqExecutions').find(({ connection }) => connection === next?.connection)
  t.ok(asked && next && asked.sequence < next.sequence, 'asked before anything else was sent')
})

t.test('a list of executions that never ends', async (t) => {
  const { gateway, broker, opened } = await start(t)
  gateway.fault('executions-endless')
  t.match(await broker.place(await opened(), buy('AAPL', 1)), { outcome: 'sent' })
})

t.test('a read-only gateway refuses the order, and the refusal is known', async (t) => {
  const { broker, opened, journal, stateOf } = await start(t, { readOnlyApi: true })
  const pass = await opened()
  const placed = await broker.place(pass, buy('AAPL', 1))
  await until(() => stateOf(placed.orderRef) === 'ended')
  t.match(journal.order(placed.orderRef)?.said, /\[321\].*Read-Only/)
  t.match(await broker.place(pass, buy('AAPL', 1)), { outcome: 'sent' })
})

t.test('a rejected order has ended; a cancelled one too', async (t) => {
  const { gateway, broker, opened, journal, stateOf } = await start(t)
  const pass = await opened()
  gateway.fault('order-reject', 'no funds')
  const rejected = await broker.place(pass, buy('AAPL', 1))
  await until(() => stateOf(rejected.orderRef) === 'ended')
  t.match(journal.order(rejected.orderRef)?.said, /no funds|Inactive|Cancelled/)
  gateway.fault('clear')
  const low = await broker.place(pass, buy('AAPL', 1, { orderType: 'LMT', lmtPrice: 1 }))
  await until(() => stateOf(low.orderRef) === 'working')
  await broker.cancel(pass, low.orderRef)
  await until(() => stateOf(low.orderRef) === 'ended')
})

t.test('a nightly restart: the order that worked is known again', async (t) => {
  const { gateway, session, broker, opened, stateOf } = await start(t, { restartSeconds: 1 })
  const pass = await opened()
  const low = await broker.place(pass, buy('AAPL', 1, { orderType: 'LMT', lmtPrice: 1, tif: 'GTC' }))
  await until(() => stateOf(low.orderRef) === 'working')
  gateway.fault('nightly-restart')
  await until(() => !session.isConnected())
  await until(() => session.isConnected(), 20_000)
  const again = await opened()
  t.equal(stateOf(low.orderRef), 'working')
  await broker.cancel(again, low.orderRef)
  await until(() => stateOf(low.orderRef) === 'ended')
})
