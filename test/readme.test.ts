// The README's table of variables, held equal to those behind the configuration.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { describedVariables } from '../src/config/env-example.ts'

const readme = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8')

t.test('the configuration table is what the code says', async (t) => {
  const [, table] = /<!-- configuration:.*-->\n([\s\S]*?)\n<!-- \/configuration -->/.exec(readme) ?? []
  t.equal(table, configurationTable())
})

function configurationTable(): string {
  const rows = describedVariables().flatMap(({ name, sectionTitle, about, secret, default: fallback }) => [
    ...(sectionTitle ? [`| **${sectionTitle}** | | |`] : []),
    `| \`${name}\` | ${fallback === undefined ? '' : `\`${fallback}\``} | ${about}${secret ? ` Or \`${name}_FILE\`.` : ''} |`,
  ])
  return ['| variable | default | meaning |', '| --- | --- | --- |', ...rows].join('\n')
}
