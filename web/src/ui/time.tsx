// Times that tick: ages, countdowns, moments. Each renders alone, so a second costs nothing but its text.

import { now } from '../store.ts'
import { countdown, moment, spanWords } from './duration.ts'

/** The zone in which this page shows moments: `Europe/Berlin`. */
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone

/** How long ago `at` (RFC 3339) was; the exact moment on hover. */
export function Age({ at, suffix = '' }: { readonly at: string; readonly suffix?: string }) {
  const began = Date.parse(at)
  return (
    <time class="figure" dateTime={at} title={`${moment(began)} ${zone}`}>
      {spanWords(now.value - began)}
      {suffix}
    </time>
  )
}

/** Time left until `until` (RFC 3339), counted down. */
export function Countdown({ until }: { readonly until: string }) {
  const end = Date.parse(until)
  return (
    <time class="figure countdown" dateTime={until} title={`${moment(end)} ${zone}`}>
      {countdown(end - now.value)}
    </time>
  )
}

export function Zone() {
  return <span class="zone">Times in {zone}</span>
}

/** A moment in the reader's own zone. */
export function Moment({ at }: { readonly at: string }) {
  return (
    <time class="figure" dateTime={at}>
      {moment(Date.parse(at))}
    </time>
  )
}
