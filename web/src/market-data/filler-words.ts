// What the gap filler does, and what its classes of gaps mean, in words. Pure.
import type { Gap, GapClass, GapFillerStatus } from '../../../schemas/market-data.ts'
import type { Tone } from '../ui/phases.ts'
import type { DayCoverage } from './coverage.ts'

export const classWords: Readonly<Record<GapClass, string>> = {
  outage: 'lost in an outage of ours',
  missing: 'missing',
  'no-data': 'IB has none',
}

export const positionWords: Readonly<Record<Gap['position'], string>> = {
  leading: 'before the first bar',
  interior: 'between bars',
  trailing: 'after the last bar',
  whole: 'no bar yet',
}

/** What it is at, and how far. */
export function fillerState({ enabled, running, current, failed, gapsFound, gapsFilled }: GapFillerStatus): {
  readonly words: string
  readonly tone: Tone
} {
  if (!enabled) return { words: 'Off: no data connection is configured', tone: 'off' }
  if (current?.stage === 'scanning') return { words: 'Looking for gaps', tone: 'moving' }
  if (current?.stage === 'filling') return { words: 'Filling gaps', tone: 'moving' }
  if (running) return { words: 'At work', tone: 'moving' }
  if (failed > 0)
    return { words: `Waits; ${count(failed, 'series')} could not be scanned or filled`, tone: 'trouble' }
  const left = gapsFound - gapsFilled
  if (left > 0) return { words: `Waits; ${count(left, 'gap')} still to be filled`, tone: 'warn' }
  return { words: 'Waits; nothing is left to fill', tone: 'good' }
}

/** `1 gap`, `1,204 gaps`; `series` is its own plural. */
export function count(number: number, noun: string): string {
  const plural = number === 1 || noun.endsWith('s') ? noun : `${noun}s`
  return `${number.toLocaleString('en')} ${plural}`
}

/** What a day of the heat map says, for those who hear it and for the pointer: `2026-11-20: 3 bars missing, lost in an outage of ours`. */
export function dayWords({ day, state, hours, missingBars, class: worst }: DayCoverage): string {
  const date = new Date(day).toISOString().slice(0, 10)
  if (state === 'unknown') return `${date}: not looked at`
  if (state === 'closed') return `${date}: weekend`
  if (state === 'whole') return `${date}: nothing missing`
  const much =
    missingBars === undefined
      ? `${hoursWords(hours)} within a longer gap`
      : `${count(missingBars, 'bar')} missing`
  return `${date}: ${much}${worst === undefined || worst === 'missing' ? '' : `, ${classWords[worst]}`}`
}

function hoursWords(hours: number): string {
  if (hours < 1) return `${Math.max(1, Math.round(hours * 60))} min`
  return `${Number(hours.toFixed(1))} h`
}
