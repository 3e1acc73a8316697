// What we ship for Prometheus and Grafana: every figure in it exists, every alert says what to do and leads to a section of the runbook.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { collectDefaultMetrics, Registry } from 'prom-client'
import t from 'tap'
import { parse } from 'yaml'
import { everyFamily } from './adapters/prometheus/told.ts'

const root = join(import.meta.dirname, '..', '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')

interface Rule {
  alert: string
  expr: string
  labels: { severity: string }
  annotations: { summary: string; description: string; runbook_url: string }
}
interface Panel {
  id: number
  type: string
  title: string
  datasource?: { uid: string }
  gridPos: { x: number; y: number; w: number; h: number }
  targets?: Array<{ expr: string; refId: string; datasource: { uid: string } }>
}

const groups: Array<{ name: string; rules: Rule[] }> = parse(read('deploy/prometheus/alerts.yml')).groups
const rules = groups.flatMap((group) => group.rules)
const dashboard: {
  schemaVersion: number
  uid: string
  panels: Panel[]
  templating: { list: Array<{ name: string; type: string }> }
} = JSON.parse(read('deploy/grafana/ibgm.json'))

/** The variable of the dashboard that its data source is chosen with. */
const askedFor = `\${datasource}`

/** What Prometheus itself adds to a target. */
const ofPrometheus = ['up', 'scrape_duration_seconds']

async function seriesNames(): Promise<Set<string>> {
  const own = await everyFamily()
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const names = own.flatMap(({ name, type }) =>
    type === 'histogram' ? ['_bucket', '_sum', '_count'].map((part) => name + part) : [name],
  )
  return new Set([...ofPrometheus, ...names, ...registry.getMetricsAsArray().map(({ name }) => name)])
}

/** The figures that an expression reads. */
function figuresOf(expr: string): string[] {
  const bare = expr.replaceAll(/\{[^}]*\}|"[^"]*"|\[[^\]]*\]|(by|on|group_left|unless on) \([^)]*\)/g, ' ')
  return [...bare.matchAll(/\b(?:ibgm|nodejs|process|scrape)_\w+|\bup\b/g)].map(([name]) => name)
}

t.test('rules and dashboard read figures that there are', async (t) => {
  const names = await seriesNames()
  const expressions = [
    ...rules.map(({ alert, expr }) => ({ where: alert, expr })),
    ...dashboard.panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => ({ where: title, expr })),
    ),
  ]
  t.ok(expressions.length > 50)
  for (const { where, expr } of expressions) {
    const figures = figuresOf(expr)
    t.ok(figures.length > 0, `${where} reads something`)
    t.strictSame(
      figures.filter((name) => !names.has(name)),
      [],
      where,
    )
  }
})

t.test('every rule says how bad it is, what to do, and where the runbook has it', async (t) => {
  const sections = [...read('docs/runbook.md').matchAll(/^#+ (\w+)$/gm)].map(([, name]) => name)
  t.ok(rules.length > 15)
  t.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length, 'each name once')
  for (const { alert, labels, annotations } of rules) {
    t.match(labels.severity, /^(critical|warning)$/, alert)
    t.ok(annotations.summary.length > 10 && annotations.summary.length < 120, `${alert}: a short summary`)
    t.ok(annotations.description.length > 60, `${alert}: a description`)
    t.ok(annotations.runbook_url.endsWith(`/runbook#${alert.toLowerCase()}`), alert)
    t.ok(sections.includes(alert), `docs/runbook.md has ${alert}`)
  }
})

t.test(
  'the dashboard is one that Grafana takes: its data source is asked for, its panels do not overlap',
  async (t) => {
    t.ok(dashboard.schemaVersion >= 38)
    t.strictSame(
      dashboard.templating.list.map(({ name, type }) => [name, type]),
      [
        ['datasource', 'datasource'],
        ['instance', 'query'],
        ['follower', 'query'],
      ],
    )
    const { panels } = dashboard
    t.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
    for (const { type, title, datasource, targets = [] } of panels) {
      if (type === 'row') continue
      t.equal(datasource?.uid, askedFor, title)
      for (const target of targets) t.equal(target.datasource.uid, askedFor, title)
      t.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, title)
    }
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)}:${y + Math.floor(cell / w)}`),
    )
    t.equal(new Set(cells).size, cells.length)
    t.ok(panels.every(({ gridPos: { x, w } }) => x + w <= 24))
  },
)

t.test(
  'the example of Prometheus scrapes the job that rules and dashboard know, with a token from a file',
  async (t) => {
    const { scrape_configs: jobs, rule_files: files } = parse(read('deploy/prometheus/prometheus.yml'))
    t.match(jobs, [{ job_name: 'ibgm', authorization: { credentials_file: String } }])
    t.notOk('metrics_path' in jobs[0], 'ours is the usual one')
    t.strictSame(files, ['alerts.yml'])
  },
)
