// API tokens as they are kept: `name:role:<sha256 hex>`, never the token itself. Parsing, comparing, making.
import { hash, randomBytes, timingSafeEqual } from 'node:crypto'

/** Each may do what those before it may. */
export const roles = ['viewer', 'operator', 'admin'] as const
export type Role = (typeof roles)[number]

export interface Token {
  /** The actor of all that is done with it. */
  readonly name: string
  readonly role: Role
  /** SHA-256 of the token, 32 bytes. */
  readonly hash: Buffer
}

/** The form of a token's name; the others are actors that no token may pretend to be. */
export const tokenName = /^(?!(?:local|manager|nobody)$)[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/

const entryForm = /^([^:\s]+)\s*:\s*([^:\s]+)\s*:\s*([0-9a-f]{64})$/i

/**
 * Entries, one a line or separated by commas; empty lines and those that start with `#` are none. `faults` names each line that holds no entry
 * or repeats one, and quotes none of it: somebody may have put a token there.
 */
export function parseTokens(text: string): { readonly tokens: readonly Token[]; readonly faults: string[] } {
  const tokens: Token[] = []
  const faults: string[] = []
  for (const [at, line] of text.split('\n').entries()) {
    if (line.trim().startsWith('#')) continue
    for (const entry of line.split(',')) {
      if (entry.trim() === '') continue
      const token = tokenOf(entry.trim())
      if (!token) faults.push(`line ${at + 1} is not name:role:<sha256 hex>`)
      else if (tokens.some(({ name }) => name === token.name)) faults.push(`line ${at + 1} repeats a name`)
      else if (tokens.some(({ hash }) => hash.equals(token.hash)))
        faults.push(`line ${at + 1} repeats a token`)
      else tokens.push(token)
    }
  }
  return { tokens, faults }
}

function tokenOf(entry: string): Token | undefined {
  const [, name = '', word, hex = ''] = entryForm.exec(entry) ?? []
  const role = roles.find((known) => known === word)
  return role && tokenName.test(name) ? { name, role, hash: Buffer.from(hex, 'hex') } : undefined
}

/** How a token is kept. */
export function tokenLine({ name, role, hash }: Token): string {
  return `${name}:${role}:${hash.toString('hex')}`
}

export function hashToken(token: string): Buffer {
  return hash('sha256', token, 'buffer')
}

/** A new token; 256 random bits, so that a plain hash of it cannot be guessed back. The prefix is for scanners that look for leaked secrets. */
export function makeToken(): string {
  return `ibgm_${randomBytes(32).toString('base64url')}`
}

/** Takes as long for a token that is known as for one that is not: every hash is compared, whole. The empty token is never known. */
export function findToken(tokens: readonly Token[], presented: string): Token | undefined {
  if (presented === '') return undefined
  const presentedHash = hashToken(presented)
  let found: Token | undefined
  for (const token of tokens) if (timingSafeEqual(token.hash, presentedHash)) found = token
  return found
}

export function hasRole(token: Token, needed: Role): boolean {
  return roles.indexOf(token.role) >= roles.indexOf(needed)
}
