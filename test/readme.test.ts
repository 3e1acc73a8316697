// The README's table of variables, held equal to the one behind the configuration.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { sections, type Variable, variables } from '../src/config/variables.ts'

const readme = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8')

t.test('the configuration table is what the code says', async (t) => {
  const [, table] = /<!-- configuration:.*-->\n([\s\S]*?)\n<!-- \/configuration -->/.exec(readme) ?? []
  t.equal(table, configurationTable())
})

function configurationTable(): string {
  const rows = Object.entries<Variable<unknown>>(variables).flatMap(([name, variable]) => {
    const section = sections.find(({ first }) => first === name)
    const takenFromFile = variable.secret ? ` Or \`${name}_FILE\`.` : ''
    const fallback = variable.default === undefined ? '' : `\`${variable.default}\``
    return [
      ...(section ? [`| **${section.title}** | | |`] : []),
      `| \`${name}\` | ${fallback} | ${variable.about}${takenFromFile} |`,
    ]
  })
  return ['| variable | default | meaning |', '| --- | --- | --- |', ...rows].join('\n')
}
