// A process that places an order and a mark in the moment its connection opens, and is gone before its next turn.
import { ibConnector } from '../../../src/adapters/ib/connector.ts'

const connection = ibConnector().open(
  { host: '127.0.0.1', port: Number(process.argv[2]), clientId: 1 },
  {
    onStep() {},
    onReady({ accounts }) {
      const contract = { symbol: 'AAPL', secType: 'STK', exchange: 'SMART', currency: 'USD' }
      connection.placeOrder(1, contract, {
        action: 'BUY',
        totalQuantity: 10,
        orderType: 'MKT',
        account: accounts[0] ?? '',
        orderRef: 'last words',
      })
      connection.mark()
      process.kill(process.pid, 'SIGKILL')
    },
    onNotice() {},
    onClosed() {},
  },
)
