// The text of .env.example, from the tables of variables; a test holds the file equal.
import { botVariables } from '../bot/variables.ts'
import type { Variable } from './reading.ts'
import { sections } from './variables.ts'

const preface = `# Every variable that the server and the trading bot take, with its default. Copy this file to .env and change what you need.
# A duration is a number of seconds (decimals allowed) or carries ms, s, m or h.
`

export interface DescribedVariable extends Variable<unknown> {
  readonly name: string
  /** Set on the first of a section. */
  readonly sectionTitle?: string
}

/** Server and bot in the order of their tables, each variable once. */
export function describedVariables(): DescribedVariable[] {
  const seen = new Set<string>()
  return [...sections, { title: 'Trading bot', variables: botVariables }].flatMap(({ title, variables }) => {
    const own = Object.entries(variables).filter(([name]) => !seen.has(name))
    for (const [name] of own) seen.add(name)
    return own.map(([name, variable], index) => ({
      name,
      ...variable,
      ...(index === 0 && { sectionTitle: title }),
    }))
  })
}

export function envExample(): string {
  const lines = describedVariables().flatMap(
    ({ name, sectionTitle, about, secret, default: fallback, example }) => {
      const text = fallback ?? example
      return [
        ...(sectionTitle ? ['', `# ── ${sectionTitle} ──`] : []),
        '',
        `# ${about}`,
        ...(secret ? [`# Or name a file that holds it: ${name}_FILE.`] : []),
        text === undefined ? `#${name}=` : `${name}=${quoted(text)}`,
      ]
    },
  )
  return `${preface}${lines.join('\n')}\n`
}

function quoted(text: string): string {
  return text.includes(' ') ? `"${text}"` : text
}
