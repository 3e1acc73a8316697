// Spans of time and moments as a person reads them. Pure.

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** A span in at most two units: `8 s`, `4 min`, `2 h 05 min`, `3 d 4 h`. Negative counts as 0. */
export function spanWords(ms: number): string {
  const span = Math.max(0, ms)
  if (span < minute) return `${Math.floor(span / 1000)} s`
  if (span < hour) return `${Math.floor(span / minute)} min`
  if (span < day) {
    const minutes = Math.floor((span % hour) / minute)
    return `${Math.floor(span / hour)} h${minutes > 0 ? ` ${String(minutes).padStart(2, '0')} min` : ''}`
  }
  const hours = Math.floor((span % day) / hour)
  return `${Math.floor(span / day)} d${hours > 0 ? ` ${hours} h` : ''}`
}

/** Time left as a clock counts it down: `2:07`, `1:02:07`; `0:00` once it is over. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  const parts = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60]
  const shown = parts[0] === 0 ? parts.slice(1) : parts
  return shown.map((part, i) => (i === 0 ? String(part) : String(part).padStart(2, '0'))).join(':')
}

/** Round-trip time with as many digits as it deserves: `0.8 ms`, `14 ms`, `1.2 s`. */
export function roundTrip(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`
  return `${ms < 9.95 ? ms.toFixed(1) : Math.round(ms)} ms`
}

/** A moment in the reader's own zone, to the second: `2026-11-21 03:04:05`. */
export function moment(at: number): string {
  const date = new Date(at)
  const two = (value: number) => String(value).padStart(2, '0')
  const days = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${days} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}
