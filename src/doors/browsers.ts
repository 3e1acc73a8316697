// The doors of a server without tokens: for this machine only, and no web page may use a visitor's browser to reach it.
import type { IncomingHttpHeaders } from 'node:http'
import { FleetError } from '../ports/errors.ts'

/**
 * FORBIDDEN for a `Host` that is not this machine (DNS rebinding), an `Origin` that is not this server, and what a browser itself calls
 * cross-site (Fetch Metadata). What is open to all may be visited by a link from anywhere, for example in an alert.
 */
export function refuseStrangers(headers: IncomingHttpHeaders, isOpen = false): void {
  const host = headers.host?.toLowerCase() ?? ''
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/.test(host)) {
    throw new FleetError(
      'FORBIDDEN',
      'Without tokens this server answers only to 127.0.0.1, localhost and [::1].',
    )
  }
  if (headers.origin !== undefined && !isSameOrigin(headers.origin, host)) {
    throw new FleetError('FORBIDDEN', 'Without tokens no page of another origin may use this server.')
  }
  if (headers['sec-fetch-site'] === 'cross-site' && !(isOpen && isVisit(headers))) {
    throw new FleetError('FORBIDDEN', 'Without tokens no other site may use this server.')
  }
}

/** Somebody follows a link: the other site never sees what comes. */
function isVisit(headers: IncomingHttpHeaders): boolean {
  return headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
}

function isSameOrigin(origin: string, host: string): boolean {
  const lower = origin.toLowerCase()
  return lower === `http://${host}` || lower === `https://${host}`
}
