// The text of .env.example, from the table of variables; a test holds the file equal.
import { sections, type Variable, variables } from './variables.ts'

const preface = `# Every variable that the server takes, with its default. Copy this file to .env and change what you need.
# A duration is a number of seconds (decimals allowed) or carries ms, s, m or h.
`

export function envExample(): string {
  const lines = Object.entries<Variable<unknown>>(variables).flatMap(([name, variable]) => {
    const section = sections.find(({ first }) => first === name)
    return [
      ...(section ? ['', `# ── ${section.title} ──`] : []),
      '',
      `# ${variable.about}`,
      ...(variable.secret ? [`# Or name a file that holds it: ${name}_FILE.`] : []),
      variable.default === undefined ? `#${name}=` : `${name}=${quoted(variable.default)}`,
    ]
  })
  return `${preface}${lines.join('\n')}\n`
}

function quoted(text: string): string {
  return text.includes(' ') ? `"${text}"` : text
}
