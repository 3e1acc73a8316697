// What the driver says when it fails, in our words. Its own texts and objects may hold the connection string, so none is passed on as it is.
import { MongoError, MongoServerError, MongoServerSelectionError } from 'mongodb'
import { FleetError } from '../../ports/errors.ts'

export const retryAfterMs = 5_000

/** What must never be printed. */
export interface Confidential {
  readonly texts: readonly string[]
}

/** The connection string, and its password as written and as meant. */
export function confidential(url: string): Confidential {
  const password = /^[^:]+:\/\/[^:@/]*:(.*)@/.exec(url)?.[1] ?? ''
  return { texts: [url, password, decoded(password)].filter((text) => text !== '') }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function scrub(text: string, { texts }: Confidential): string {
  return texts.reduce((scrubbed, secret) => scrubbed.replaceAll(secret, '***'), text)
}

/** The connection string cannot be one. INVALID_REQUEST, naming the variable; the string itself is not repeated. */
export function badUrl(error: unknown, secrets: Confidential): FleetError {
  const said = error instanceof Error ? scrub(error.message, secrets) : ''
  const why = said === '' || said.includes('://') ? '' : `: ${said}`
  return new FleetError(
    'INVALID_REQUEST',
    `MONGODB_URL is not a MongoDB connection string${why}. It looks like mongodb://USER:PASSWORD@HOST:27017, with special characters percent-encoded.`,
  )
}

/** Whether a unique index, or `_id`, has it already. */
export function isDuplicate(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === 11000
}

/** What a server says while it shuts down or is not the primary (server discovery specification, "node is recovering", "not writable primary"). */
const passing = new Set<unknown>([91, 189, 10107, 11600, 11602, 13435, 13436])

/** Whether the server would say the same again: it knows no such index, documents contradict it, the user may not make it. */
export function isLastingRefusal(error: unknown): boolean {
  return error instanceof MongoServerError && !passing.has(error.code) && !isLogin(error)
}

function isLogin(error: MongoServerError): boolean {
  return error.code === 18 || error.code === 8000
}

/** Any failure of driver or network as STORE_UNAVAILABLE; what is neither passes. `doing` completes "could not …". */
export function storeError(
  doing: string,
  error: unknown,
  { place, secrets }: { readonly place: string; readonly secrets: Confidential },
): unknown {
  if (!(error instanceof MongoError) && !isSocketError(error)) return error
  const { what, cure } = explain(error)
  return new FleetError(
    'STORE_UNAVAILABLE',
    `MongoDB at ${place} could not ${doing}: ${scrub(what, secrets)}. ${cure}`,
    { cause: new Error(scrub(`${error.name}: ${error.message}`, secrets)), retryAfterMs },
  )
}

/** Those of node's sockets come through as they are when a server dies at the wrong moment. */
function isSocketError(error: unknown): error is Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^(E[A-Z]+|ERR_(STREAM|SOCKET)_\w+)$/.test(code)
}

function explain(error: Error): { what: string; cure: string } {
  if (!(error instanceof MongoServerError))
    return {
      what: reasonOf(error),
      cure: 'Is it running, and MONGODB_URL right? It is tried again by itself.',
    }
  const name = String(error.codeName ?? error.code ?? error.name)
  if (isLogin(error))
    return { what: `it refused the login (${name})`, cure: 'Check user and password in MONGODB_URL.' }
  if (error.code === 13)
    return {
      what: `its user may not do that (${name})`,
      cure: 'Give the user in MONGODB_URL the role readWrite on that database.',
    }
  return { what: `it refused (${name})`, cure: 'See the cause in the log.' }
}

/** A selection that failed tells only that time went by; the last failure of a server tells why. */
function reasonOf(error: Error): string {
  if (!(error instanceof MongoServerSelectionError)) return error.message
  for (const server of error.reason?.servers.values() ?? []) if (server.error) return server.error.message
  return error.message
}
