// docs/metrics.md, held equal to the registry.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { MetricFamily } from '../../../src/ports/metrics.ts'
import { everyFamily } from './told.ts'

const page = readFileSync(join(import.meta.dirname, '../../../../docs/metrics.md'), 'utf8')

t.test('the table of figures is what the code says', async (t) => {
  const [, table] = /<!-- figures:.*-->\n([\s\S]*?)\n<!-- \/figures -->/.exec(page) ?? []
  t.equal(table, figureTable(await everyFamily()))
})

t.test('names follow Prometheus: our prefix, `_total` for counts, base units', async (t) => {
  for (const { name, type } of await everyFamily()) {
    t.match(name, /^ibgm_[a-z0-9_]+$/)
    t.equal(name.endsWith('_total'), type === 'counter', name)
    t.notMatch(name, /_(ms|milliseconds|minutes|kb|percent)(_|$)/)
  }
})

function figureTable(families: readonly MetricFamily[]): string {
  const rows = families.map(
    ({ name, type, help, values }) => `| \`${name}\` | ${type} | ${labelsOf(values)} | ${help} |`,
  )
  return ['| figure | type | labels | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

function labelsOf(values: MetricFamily['values']): string {
  const names = new Set(values.flatMap(({ labels }) => Object.keys(labels)))
  names.delete('le')
  return [...names].map((name) => `\`${name}\``).join(' ')
}
