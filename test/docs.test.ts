// What the documents claim and a machine can check: sections, names, links.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { gatewayPhases } from '../schemas/gateway.ts'
import { reasonCodes } from '../schemas/reason.ts'
import { reasonText } from '../src/fleet/reasons.ts'
import { alertCodes } from '../src/ports/alert-codes.ts'
import { faultNames } from '../src/simulator/faults.ts'

const root = join(import.meta.dirname, '..', '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const documents = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md']
for (const name of readdirSync(join(root, 'docs'))) if (name.endsWith('.md')) documents.push(`docs/${name}`)

t.test(
  'the runbook has one section for each code of an alert: what, by itself, by you, and when it is over',
  async (t) => {
    const sections = read('docs/runbook.md').split(/^### /m).slice(1)
    const codes = sections.map((section) => section.slice(0, section.indexOf('\n')))
    const ofAlerts = codes.filter((code) => /^[A-Z0-9_]+$/.test(code))
    t.strictSame([...ofAlerts].sort(), [...alertCodes].sort())
    for (const code of alertCodes) {
      const [section = ''] = (sections[codes.indexOf(code)] ?? '').split(/^## /m)
      for (const part of ['What happened.**', 'The manager**', 'You**', 'Over when**'])
        t.ok(section.includes(`\n**${part} `), `${code}: ${part}`)
    }
    for (const code of reasonCodes) {
      const section = sections[codes.indexOf(code)] ?? ''
      if (reasonText[code].locks) t.match(section, /\blocks\b/, code)
    }
  },
)

t.test('the table of phases has them all', async (t) => {
  const [, table = ''] = /## Phases([\s\S]*?)\n## /.exec(read('docs/architecture.md')) ?? []
  for (const phase of gatewayPhases) t.match(table, `\`${phase}\``)
})

t.test('the table of faults has them all', async (t) => {
  const table = read('docs/simulator.md')
  for (const fault of faultNames) t.match(table, new RegExp(`^\\|.*\`${fault}[\` ]`, 'm'), fault)
})

t.test('every required test that is named is there', async (t) => {
  const rows = [...read('docs/required-tests.md').matchAll(/^\|.*\| `(test\/[^`]+)` \| (.+) \|$/gm)]
  t.ok(rows.length > 20)
  for (const [, file = '', name = ''] of rows) t.ok(read(file).includes(name), `${file}: ${name}`)
})

t.test('links lead somewhere', async (t) => {
  for (const document of documents) {
    for (const [, target = ''] of read(document).matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      t.ok(existsSync(join(root, dirname(document), target)), `${document} → ${target}`)
    }
  }
})
