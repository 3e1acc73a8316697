// The tokens that are good now. A file is read again when it has changed; one that has become unreadable or broken changes nothing.
import { readFileSync, statSync } from 'node:fs'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import { findToken, parseTokens, type Token } from './tokens.ts'

/** A revoked token stops within this time; so seldom, looking costs nothing. */
const lookEveryMs = 100

export interface TokenBookDeps {
  /** As read at the start. */
  readonly tokens: readonly Token[]
  /** Where they came from, if from a file. */
  readonly file?: string
  readonly clock: Clock
  readonly log: Log
}

export class TokenBook {
  readonly #deps: TokenBookDeps
  #tokens: readonly Token[]
  #nextLookMs = Number.NEGATIVE_INFINITY
  /** What the file looked like, or how it failed, when it was last judged; so that each edit is judged, and logged, once. */
  #judged = ''

  constructor(deps: TokenBookDeps) {
    this.#deps = deps
    this.#tokens = deps.tokens
  }

  /** The token's entry while it is good. */
  find(presented: string): Token | undefined {
    const { file, clock } = this.#deps
    if (file !== undefined && clock.monotonicMs() >= this.#nextLookMs) {
      this.#nextLookMs = clock.monotonicMs() + lookEveryMs
      this.#look(file)
    }
    return findToken(this.#tokens, presented)
  }

  #look(file: string): void {
    const { log } = this.#deps
    try {
      const { mtimeMs, size, ino } = statSync(file)
      const look = `${mtimeMs} ${size} ${ino}`
      if (look === this.#judged) return
      const { tokens, faults } = parseTokens(readFileSync(file, 'utf8'))
      this.#judged = look
      if (faults.length > 0) {
        log.error({ file, faults }, 'API_TOKENS_FILE is broken: the tokens it held before stay in force')
        return
      }
      this.#logChanges(tokens)
      this.#tokens = tokens
    } catch (err) {
      const failure = (err as NodeJS.ErrnoException).code ?? 'failed'
      if (failure === this.#judged) return
      this.#judged = failure
      log.error({ err, file }, 'API_TOKENS_FILE cannot be read: the tokens it held before stay in force')
    }
  }

  #logChanges(tokens: readonly Token[]): void {
    const granted = namesOnlyIn(tokens, this.#tokens)
    const revoked = namesOnlyIn(this.#tokens, tokens)
    if (granted.length + revoked.length > 0) this.#deps.log.info({ granted, revoked }, 'API tokens changed')
  }
}

/** A token with another hash or role counts as another. */
function namesOnlyIn(some: readonly Token[], others: readonly Token[]): string[] {
  const isIn = (token: Token) =>
    others.some(
      ({ name, role, hash }) => name === token.name && role === token.role && hash.equals(token.hash),
    )
  return some.filter((token) => !isIn(token)).map(({ name }) => name)
}
