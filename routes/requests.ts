// What several routes read from a request in the same way.
import type { FastifyReply } from 'fastify'
import { FleetError } from '../src/ports/errors.ts'

/**
 * Aborts when the client goes away before it has its whole answer. It listens to the reply: the request itself closes as soon as its body has
 * been read.
 */
export function clientGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => {
    if (reply.raw.writableFinished) return
    gone.abort(new FleetError('CONNECTION_CLOSED', 'The client went away before it had its answer.'))
  })
  return gone.signal
}

/** Aborts when there is nobody left to answer to: the client has gone away, or has all of it. */
export function answerOver(reply: FastifyReply): AbortSignal {
  const over = new AbortController()
  reply.raw.once('close', () => over.abort(new FleetError('CONNECTION_CLOSED', 'The answer is over.')))
  return over.signal
}

/** `limit` is given by the schema's default; only its type does not know. */
export function paged<Q extends { limit?: number }>(query: Q): Q & { limit: number } {
  return { ...query, limit: query.limit ?? 100 }
}

/** Whether a switch in the query (schema `Flag`) is given and on. */
export function isOn(flag: string | undefined): boolean {
  return flag === 'true' || flag === '1'
}

/** A revision that no record has: what a well-formed tag of someone else's stands for. */
const strangeRevision = -1

/**
 * The revisions that an `If-Match` admits (RFC 9110 §13.1.1: strong comparison, so weak tags match nothing); null when any will do.
 * INVALID_REQUEST when it is malformed.
 */
export function revisionsOf(ifMatch: string | undefined): readonly number[] | null {
  if (ifMatch === undefined || ifMatch.trim() === '*') return null
  const tags = ifMatch.split(',').map((tag) => /^\s*(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*$/.exec(tag))
  return tags.map((tag) => {
    if (!tag) {
      throw new FleetError('INVALID_REQUEST', 'If-Match takes an ETag in double quotes such as "3", or *.', {
        faults: [{ path: 'header/if-match', message: 'must be an ETag in double quotes, or *' }],
      })
    }
    const [, weak, value = ''] = tag
    return !weak && /^(0|[1-9]\d{0,14})$/.test(value) ? Number(value) : strangeRevision
  })
}
