// From a line to what it means: the rules, applied. Pure and without memory; login-stage.ts knows what came before.
import { type ParsedLine, parseLogLine } from './line.ts'
import { type LogRule, logRules } from './rules.ts'
import type { LogSign } from './sign.ts'

const rulesFor = (on: LogRule['on']) => logRules.filter((rule) => rule.on === on)
const rulesOn = {
  raw: rulesFor('raw'),
  ibc: rulesFor('ibc'),
  opened: rulesFor('opened'),
  closed: rulesFor('closed'),
}

/** The sign that a line of a gateway's log gives, or null for one that says nothing about the login. Never throws. */
export function classifyLogLine(line: string): LogSign | null {
  const parsed = parseLogLine(line)
  return parsed && classify(parsed)
}

/** The same for a line that is already taken apart. */
export function classify({ source, text, window }: ParsedLine): LogSign | null {
  if (window === undefined) return firstMatch(rulesOn[source], text)
  const sign = firstMatch(rulesOn[window.event], window.title)
  return sign && { ...sign, window }
}

function firstMatch(rules: readonly LogRule[], text: string): LogSign | null {
  for (const { pattern, sign } of rules) {
    const match = pattern.exec(text)
    if (match !== null) return typeof sign === 'function' ? sign(match) : sign
  }
  return null
}
