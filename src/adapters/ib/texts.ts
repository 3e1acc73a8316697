// Texts of a gateway as they may go into logs, answers, alerts and terminals: one line, no longer than needed, no tricks.

// biome-ignore-start lint/suspicious/noControlCharactersInRegex: control characters are what this file removes
const escapeSequence = /(?:\u001b\[|\u009b)[0-?]{0,32}[ -/]{0,8}[@-~]?|\u001b/g
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]+/g
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: see above

/** At most `limit` characters of `text`; what would move a cursor, break a line or turn the direction of writing becomes a blank. */
export function plainText(text: string, limit: number): string {
  return text
    .slice(0, limit)
    .replace(/[\ud800-\udbff]$/, '')
    .replace(escapeSequence, ' ')
    .replace(controls, ' ')
}
