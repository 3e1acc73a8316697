// What of a container's log may be shown: secrets masked, terminal tricks removed, length bounded. Knows nothing of logins.

/** Longest line that is shown, in characters; the rest is counted, not kept. */
export const shownLineLimit = 16_384

const mask = '***'
const alreadyMasked = /^\*{3}(?:[\s"']|$)/
const secretKey = '(?:password|passwd|passphrase|secret|jxbrowserkey|licen[cs]e[._-]?key|api[._-]?key)'
/** A setting whose name ends in a word for a secret: `IbPassword=…`, `-Dvendor.license.key=…`, `TWS_PASSWORD_PAPER = …`. */
const setting = new RegExp(
  `(^|[^\\w.-])([\\w.-]{0,64}${secretKey}(?:_PAPER)?)(\\s{0,8}=\\s{0,8})(?=\\S)`,
  'gi',
)
const jsonField = new RegExp(`("[\\w.-]{0,64}${secretKey}"\\s{0,8}:\\s{0,8})"(?:[^"\\\\]|\\\\.)*"?`, 'gi')
/** Arguments: `-passwd x` of x11vnc, `--pw = x` and `--fix-pw = x` of IBC's start script. */
const argument = /(^|\s)(--?(?:passwd|password|fix-pw|pw))(?:\s{0,8}=\s{0,8}(?=\S)|\s{1,8}(?=[^\s=-]))/gi

// biome-ignore-start lint/suspicious/noControlCharactersInRegex: control characters are what this file removes
const escapeSequence =
  /\u001b\][^\u0007\u001b]{0,512}(?:\u0007|\u001b\\)?|(?:\u001b\[|\u009b)[0-?]{0,32}[ -/]{0,8}[@-~]?|\u001b[ -/]{0,8}[0-~]?/g
const controls = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: see above

/**
 * One log line as an operator may see it: values of anything that looks like a password or a licence key become `***`
 * (the java command line and the property dump hold `-DjxBrowserKey=…`, ibcstart.sh), escape sequences, control and
 * text-direction characters are gone, and what exceeds `shownLineLimit` is replaced by its count. Account numbers,
 * which window titles contain, stay: an operator needs them to know whose gateway this is. Never throws; idempotent.
 */
export function scrubLine(line: string): string {
  const kept = line.length > shownLineLimit ? line.slice(0, shownLineLimit) : line
  const plain = kept
    .replace(escapeSequence, '')
    .replace(controls, '')
    .replace(/[\ud800-\udbff]$/, '')
  const clean = maskValues(maskValues(plain, setting), argument).replace(jsonField, `$1"${mask}"`)
  return kept === line ? clean : `${clean} … [${line.length - kept.length} more characters]`
}

/** Masks what follows each match of `pattern`; a setting alone on its line reaches to the line's end, because passwords may hold blanks. */
function maskValues(text: string, pattern: RegExp): string {
  let shown = ''
  let from = 0
  for (const match of text.matchAll(pattern)) {
    const [whole, before, name = ''] = match
    const valueAt = match.index + whole.length
    if (match.index < from || alreadyMasked.test(text.slice(valueAt, valueAt + 4))) continue
    shown += text.slice(from, valueAt) + mask
    const alone = !name.startsWith('-') && text.slice(0, match.index).trim() === ''
    from = alone ? text.length : endOfValue(text, valueAt, before)
  }
  return shown + text.slice(from)
}

/** A value ends at a blank; where it or its whole argument is quoted, at the first blank after the closing quote. */
function endOfValue(text: string, from: number, before: string | undefined): number {
  const quote = [before, text[from]].find((char) => char === '"' || char === "'")
  const close = quote === undefined ? from : text.indexOf(quote, quote === before ? from : from + 1)
  if (close < 0) return text.length
  const blank = text.slice(close).search(/\s/)
  return blank < 0 ? text.length : close + blank
}
