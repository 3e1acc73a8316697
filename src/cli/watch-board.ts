// What `ibgm watch` knows of the fleet, and how it fills a screen. Pure but for what it is told.
import type { Alert } from '../../schemas/alert.ts'
import type { Gateway } from '../../schemas/gateway.ts'
import { compareAttention, needsPerson } from './attention.ts'
import { fleetLine, gatewayTable } from './gateway-view.ts'
import type { LiveItem } from './live.ts'
import { openAlerts } from './open-alerts.ts'
import type { Paint } from './terminal.ts'

export interface Size {
  readonly rows: number
  readonly columns: number
}

export class WatchBoard {
  readonly #gateways = new Map<string, Gateway>()
  readonly #alerts = new Map<string, Alert>()
  /** Seen since the stream began; what is missing at its end of the first states is gone. */
  #seen = new Set<string>()
  #synced = false
  #lost: { readonly why: string; readonly at: number } | undefined

  take(item: LiveItem, now: number): void {
    switch (item.kind) {
      case 'gateway':
        this.#gateways.set(item.gateway.followerId, item.gateway)
        this.#seen.add(item.gateway.followerId)
        break
      case 'gateway-removed':
        this.#gateways.delete(item.followerId)
        break
      case 'alert':
        if (item.alert.resolvedAt) this.#alerts.delete(item.alert.id)
        else this.#alerts.set(item.alert.id, item.alert)
        break
      case 'synced':
        for (const id of this.#gateways.keys()) if (!this.#seen.has(id)) this.#gateways.delete(id)
        this.#synced = true
        this.#lost = undefined
        break
      case 'lost':
        this.#seen = new Set()
        this.#alerts.clear()
        this.#lost ??= { why: item.why, at: now }
        break
      case 'event':
      case 'gap':
    }
  }

  /** Lines that fit, those that need a person first; how many did not fit is said. */
  lines(now: number, { rows, columns }: Size, paint: Paint): string[] {
    const gateways = [...this.#gateways.values()].sort((a, b) => compareAttention(a, b, now))
    const head = this.#headline(gateways, now, paint)
    if (gateways.length === 0)
      return [...head, this.#synced ? 'no followers yet; `ibgm followers create ID` makes one' : 'asking …']
    const room = Math.max(1, rows - head.length - 1)
    let shown = gateways
    let table = gatewayTable(shown, now, paint, columns)
    while (table.length > room && shown.length > 1) {
      shown = shown.slice(0, Math.max(1, shown.length - Math.ceil((table.length - room) / 3)))
      table = gatewayTable(shown, now, paint, columns)
    }
    const hidden = gateways.length - shown.length
    const more = hidden > 0 ? [paint('dim', `… and ${hidden} more that need less`)] : []
    return [...head, ...table.slice(0, room), ...more].map((line) => fit(line, columns))
  }

  #headline(gateways: readonly Gateway[], now: number, paint: Paint): string[] {
    const waiting = gateways.filter((gateway) => needsPerson(gateway, now)).length
    const open = openAlerts(this.#alerts.values())
    const line = [
      paint('bold', fleetLine(gateways)),
      ...(waiting > 0 ? [paint('red', `${waiting} need${waiting === 1 ? 's' : ''} a person`)] : []),
      ...(open ? [paint('yellow', open)] : []),
    ].join(paint('dim', ' · '))
    if (!this.#lost) return [line, '']
    const stale = Math.round((now - this.#lost.at) / 1000)
    return [line, paint('red', `not live for ${stale} s (${this.#lost.why}); trying again`)]
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
const colour = /\x1b\[\d+m/y

/** Cuts to so many columns; colours take none, and end with the line. */
export function fit(line: string, columns: number): string {
  let width = 0
  let coloured = false
  for (let at = 0; at < line.length; ) {
    colour.lastIndex = at
    const code = colour.exec(line)?.[0]
    if (code) {
      coloured = code !== '\x1b[0m'
      at += code.length
      continue
    }
    if (width === columns) return `${line.slice(0, at)}${coloured ? '\x1b[0m' : ''}`
    const point = String.fromCodePoint(line.codePointAt(at) ?? 0)
    at += point.length
    width++
  }
  return line
}
