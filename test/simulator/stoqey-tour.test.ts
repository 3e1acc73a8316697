// Every message the simulated gateway sends, read by @stoqey/ib, which reports a missing or leftover field as error 505.
import { type Contract, EventName, IBApi, type Order, SecType, WhatToShow } from '@stoqey/ib'
import t, { type Test } from 'tap'
import type { SimulatorClock } from '../../src/simulator/clock.ts'
import { startLoggedIn, until } from './harness.ts'

const stock: Contract = { symbol: 'AAPL', secType: SecType.STK, exchange: 'SMART', currency: 'USD' }

const orderIds = new Set([1, 2, 3, 4, 5, 77])
/** As @stoqey/ib would send it when told little: `transmit` is left out. */
const order = (changes: Partial<Order>): Order =>
  ({ action: 'BUY', totalQuantity: 10, orderType: 'MKT', orderRef: 'tour', ...changes }) as Order

/** Wednesday 18 November 2026, 11:00 in New York and on, with timers a hundred times as fast. */
function hurriedClock(): SimulatorClock {
  const offsetMs = Date.UTC(2026, 10, 18, 16) - Date.now()
  return {
    now: () => Date.now() + offsetMs,
    schedule(task, delayMs) {
      const timer = setTimeout(task, delayMs / 100)
      return () => clearTimeout(timer)
    },
  }
}

for (const serverVersion of [178, 181, 183, 186, 193, 200]) {
  t.test(`every message at server version ${serverVersion}`, async (t) => {
    const seen = await tour(t, serverVersion)
    t.equal(seen.serverVersion, Math.min(serverVersion, 193))
    t.strictSame(seen.layoutFaults, [], 'no error 505')
    t.strictSame(seen.missing, [], 'every answer came')
    t.strictSame(seen.violations, [])
    t.strictSame(seen.statuses, {
      1: ['PreSubmitted', 'Filled'],
      2: ['PreSubmitted', 'Submitted', 'PendingCancel', 'Cancelled'],
      3: ['PreSubmitted', 'PendingCancel', 'Cancelled'],
    })
    t.strictSame(seen.notices, { 2: 202, 3: 202, 5: 321, 77: 10_147 })
  })
}

async function tour(t: Test, serverVersion: number) {
  const gateway = await startLoggedIn(t, {
    serverVersion,
    clock: hurriedClock(),
    maxMessagesPerSecond: 1_000,
    positions: [{ symbol: 'AAPL', quantity: 100, averageCost: 150.25 }],
  })
  const ib = new IBApi({ host: '127.0.0.1', port: gateway.port, clientId: 3, maxReqPerSec: 1_000 })
  t.teardown(() => ib.disconnect())
  const events = new Map<string, Array<readonly unknown[]>>()
  const layoutFaults: unknown[] = []
  ib.on(EventName.all, (name: string, values: readonly unknown[] = []) => {
    events.set(name, [...(events.get(name) ?? []), values])
    if (name === EventName.error && values[1] === 505) layoutFaults.push(values)
  })
  ib.connect()
  await until(() => events.has(EventName.nextValidId))
  ib.placeOrder(1, stock, order({}))
  ib.placeOrder(2, stock, order({ orderType: 'LMT' as never, lmtPrice: 100, tif: 'GTC' as never }))
  ib.placeOrder(3, stock, order({ orderType: 'STP LMT' as never, auxPrice: 300, lmtPrice: 301 }))
  ib.placeOrder(4, stock, order({ whatIf: true }))
  ib.placeOrder(5, stock, order({ orderType: 'MAGIC' as never }))
  ib.cancelOrder(3)
  ib.cancelOrder(77)
  await until(() =>
    [5, 77].every((id) => (events.get(EventName.error) ?? []).some((values) => values[2] === id)),
  )
  ib.reqCurrentTime()
  ib.reqIds()
  ib.reqManagedAccts()
  ib.reqFamilyCodes()
  ib.reqUserInfo(1)
  ib.reqPositions()
  ib.reqAccountUpdates(true, '')
  ib.reqAccountUpdatesMulti(2, '', '', false)
  ib.reqAccountSummary(3, 'All', 'NetLiquidation,TotalCashValue')
  ib.reqPnL(4, 'DU1', '')
  ib.reqPnLSingle(5, 'DU1', '', 265598)
  ib.reqOpenOrders()
  ib.reqAllOpenOrders()
  ib.reqCompletedOrders(false)
  ib.reqExecutions(6, {})
  ib.reqContractDetails(7, stock)
  ib.reqContractDetails(8, { symbol: 'ES', secType: SecType.FUT, exchange: 'CME' })
  ib.reqContractDetails(9, { symbol: 'NOSUCH', secType: SecType.STK })
  ib.reqHistoricalData(10, stock, '', '2 D', '5 mins' as never, WhatToShow.TRADES, 1, 1, false)
  ib.reqHistoricalData(11, stock, '', '1 W', '1 day' as never, WhatToShow.TRADES, 1, 2, true)
  ib.reqHistoricalData(12, stock, '', '1 M', '1 day' as never, 'SCHEDULE' as never, 1, 1, false)
  ib.reqHeadTimestamp(13, stock, WhatToShow.TRADES, true, 1)
  ib.cancelHeadTimestamp(13)
  ib.reqHeadTimestamp(17, stock, WhatToShow.TRADES, true, 2)
  ib.reqHistoricalData(
    18,
    stock,
    '20261117-21:00:00',
    '1 D',
    '1 min' as never,
    WhatToShow.TRADES,
    0,
    2,
    false,
  )
  ib.reqMarketDataType(3)
  ib.reqMktData(14, stock, '', true, false)
  ib.reqMarketDataType(1)
  ib.reqMktData(15, stock, '', false, false)
  ib.reqRealTimeBars(16, stock, 5, WhatToShow.TRADES, true)
  const expected =
    `currentTime nextValidId managedAccounts familyCodes userInfo position positionEnd updateAccountValue updatePortfolio
    updateAccountTime accountDownloadEnd accountUpdateMulti accountUpdateMultiEnd accountSummary accountSummaryEnd pnl pnlSingle
    openOrderEnd completedOrdersEnd execDetailsEnd contractDetails contractDetailsEnd error historicalData historicalDataUpdate historicalSchedule
    orderStatus openOrder completedOrder execDetails commissionReport headTimestamp marketDataType tickPrice tickSize tickString tickGeneric tickReqParams tickSnapshotEnd realtimeBar info`
      .split(/\s+/)
      .filter((name) => name !== '')
  await until(() => expected.every((name) => events.has(name))).catch(() => {})
  ib.reqGlobalCancel()
  ib.cancelMktData(15)
  ib.cancelRealTimeBars(16)
  ib.cancelHistoricalData(11)
  ib.cancelAccountSummary(3)
  ib.cancelPositions()
  ib.cancelPnL(4)
  const time = events.get(EventName.currentTime)?.length ?? 0
  ib.reqCurrentTime()
  await until(() => (events.get(EventName.currentTime)?.length ?? 0) > time)
  const statuses: Record<string, unknown[]> = {}
  for (const [id, status] of events.get(EventName.orderStatus) ?? []) {
    const known = statuses[String(id)] ?? []
    statuses[String(id)] = known
    // The lists of open orders repeat what is known.
    if (known.at(-1) !== status) known.push(status)
  }
  const notices = (events.get(EventName.error) ?? [])
    .filter(([, , id]) => orderIds.has(id as number))
    .map(([, code, id]) => [String(id), code])
  return {
    statuses,
    notices: Object.fromEntries(notices),
    serverVersion: ib.serverVersion,
    layoutFaults,
    violations: gateway.violations,
    missing: expected.filter((name) => !events.has(name)),
  }
}
