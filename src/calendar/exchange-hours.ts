// The regular hours of stock exchanges outside the US, as they publish them in 2024. Their holidays are left to IB's schedule.
import type { Span } from './rule-times.ts'

export interface ExchangeHours {
  readonly timeZone: string
  readonly spans: readonly Span[]
}

const at = (hours: number, minutes = 0) => hours * 60 + minutes

const london: ExchangeHours = { timeZone: 'Europe/London', spans: [[at(8), at(16, 30)]] }
const frankfurt: ExchangeHours = { timeZone: 'Europe/Berlin', spans: [[at(9), at(17, 30)]] }
const paris: ExchangeHours = { timeZone: 'Europe/Paris', spans: [[at(9), at(17, 30)]] }
const toronto: ExchangeHours = { timeZone: 'America/Toronto', spans: [[at(9, 30), at(16)]] }

/** By IB's names. */
const known: Readonly<Record<string, ExchangeHours>> = {
  LSE: london,
  LSEETF: london,
  IBIS: frankfurt,
  IBIS2: frankfurt,
  SBF: paris,
  AEB: { ...paris, timeZone: 'Europe/Amsterdam' },
  'ENEXT.BE': { ...paris, timeZone: 'Europe/Brussels' },
  BVME: { ...paris, timeZone: 'Europe/Rome' },
  BM: { ...paris, timeZone: 'Europe/Madrid' },
  EBS: { timeZone: 'Europe/Zurich', spans: [[at(9), at(17, 30)]] },
  TSE: toronto,
  VENTURE: toronto,
  ASX: { timeZone: 'Australia/Sydney', spans: [[at(10), at(16)]] },
  // Until 15:30 since November 2024.
  TSEJ: {
    timeZone: 'Asia/Tokyo',
    spans: [
      [at(9), at(11, 30)],
      [at(12, 30), at(15)],
    ],
  },
  SEHK: {
    timeZone: 'Asia/Hong_Kong',
    spans: [
      [at(9, 30), at(12)],
      [at(13), at(16)],
    ],
  },
}

export function exchangeHours(exchange: string): ExchangeHours | undefined {
  return Object.hasOwn(known, exchange) ? known[exchange] : undefined
}
