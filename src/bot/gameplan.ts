// The plan of one trading day as a person or another program writes it: what it must look like, and reading it with every way it can be bad.
import { open } from 'node:fs/promises'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { parseDay } from '../calendar/days.ts'

export const Gameplan = Type.Object({
  date: Type.String({ description: 'The day it is for, YYYY-MM-DD in New York.' }),
  strategy: Type.String({ description: 'C, or the name of a strategy that a module provides.' }),
  symbols: Type.Array(Type.String()),
  hard_limits: Type.Object({
    max_daily_loss_pct: Type.Number({
      description: 'Share of the day’s opening net liquidation; 0.10 is 10 %.',
    }),
    max_single_position: Type.Number({ description: 'Units of a symbol.' }),
  }),
})
export type Gameplan = Static<typeof Gameplan>

/** `why` is a whole sentence for a person. */
export type GameplanReading =
  | { readonly ok: true; readonly gameplan: Gameplan; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly kind: 'missing' | 'malformed' | 'stale'; readonly why: string }

/** Reads at most 1 MiB; never rejects. `newYorkDate` is today's date there. */
export async function readGameplan(path: string, newYorkDate: string): Promise<GameplanReading> {
  void [open, Value, parseDay, path, newYorkDate]
  throw new Error('not written yet')
}

/** The text of a file as a gameplan. */
export function parseGameplan(text: string, newYorkDate: string): GameplanReading {
  void [text, newYorkDate]
  throw new Error('not written yet')
}

/** The log line of a bad reading: a constant message. */
export function defaultingToC(kind: 'missing' | 'malformed' | 'stale'): string {
  return {
    missing: 'No gameplan found, defaulting to Strategy C',
    malformed: 'Gameplan malformed, defaulting to Strategy C',
    stale: 'Gameplan is not for today, defaulting to Strategy C',
  }[kind]
}
