// A moment in a trading session, for strategies to look at; and a log that says nothing.
import { pino } from 'pino'
import type { Moment } from '../../src/bot/strategies/strategy.ts'
import type { Log } from '../../src/ports/log.ts'

export const silentLog: Log = pino({ level: 'silent' })

export function moment(changes: Partial<Moment> = {}): Moment {
  return {
    nowMs: Date.parse('2026-02-10T10:00:00-05:00'),
    account: 'DU1',
    positions: [],
    symbols: ['SPY'],
    netLiquidation: 100_000,
    prices: { SPY: 600.123 },
    sessionCloseMs: Date.parse('2026-02-10T16:00:00-05:00'),
    dryRun: true,
    ...changes,
  }
}
