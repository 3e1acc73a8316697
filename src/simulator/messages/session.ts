// Small requests about the session itself: time, accounts, order ids, user.
import { type MessageTable, numberField } from '../api-session.ts'

export const sessionMessages: MessageTable = {
  49: {
    name: 'reqCurrentTime',
    handle: (session) => session.send(49, 1, Math.floor(session.world.clock.now() / 1000)),
  },
  105: {
    name: 'reqCurrentTimeInMillis',
    handle: (session) => session.send(109, session.world.clock.now()),
  },
  17: { name: 'reqManagedAccts', handle: (session) => session.send(15, 1, session.world.accounts.join(',')) },
  14: { name: 'setServerLogLevel', handle() {} },
  59: {
    name: 'reqMarketDataType',
    handle(session, fields) {
      session.marketDataType = numberField(fields, 2) || 1
    },
  },
  80: {
    name: 'reqFamilyCodes',
    handle({ world, send }) {
      send(78, world.accounts.length, ...world.accounts.flatMap((account) => [account, '']))
    },
  },
  104: { name: 'reqUserInfo', requestIdAt: 1, handle: (session, [, id = '']) => session.send(107, id, '') },
}
