// What the documents claim and a machine can check: sections, names, links.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { gatewayPhases } from '../schemas/gateway.ts'
import { reasonCodes } from '../schemas/reason.ts'
import { reasonText } from '../src/fleet/lifecycle/reasons.ts'
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

t.test('every picture is shown by some document', async (t) => {
  const texts = documents.map(read).join()
  for (const name of readdirSync(join(root, 'docs/images')))
    t.ok(texts.includes(`images/${name}`), `${name} is shown`)
})

t.test('every script that a document runs is in package.json', async (t) => {
  const { scripts } = JSON.parse(read('package.json'))
  for (const document of documents)
    for (const [, name = ''] of read(document).matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g))
      t.ok(name in scripts, `${document}: npm run ${name}`)
})

t.test('every file and folder that a document names is there', async (t) => {
  const files = ['bench', 'routes', 'schemas', 'src', 'test', 'web'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map(
      (name) => `/${folder}/${name}`,
    ),
  )
  for (const document of documents) {
    for (const [, name = ''] of read(document).matchAll(/`([\w./-]+)`/g)) {
      // What stands for any adapter.
      if (name === 'src/adapters/x/') continue
      const isThere = ['', '.ts'].some((ending) => existsSync(join(root, name + ending)))
      const isBelow = ['', '.test.ts'].some((ending) =>
        files.some((file) => file.endsWith(`/${name}${ending}`)),
      )
      if (/\.tsx?$|^(\.ci|bench|deploy|docs|examples|routes|schemas|src|test|web)\//.test(name))
        t.ok(isThere || isBelow, `${document}: ${name}`)
    }
  }
})

t.test('every operation of the API that a document names is in its description', async (t) => {
  const { paths } = parse(read('openapi.yaml')) as { paths: Record<string, object> }
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({
      method: method.toUpperCase(),
      form: new RegExp(`^${path.replace('/api/v1', '(/api/v1)?').replace(/\{\w+\}/g, '[^/]+')}$`),
    })),
  )
  // The trading bot's own.
  operations.push({ method: 'GET', form: /^\/health$/ })
  for (const document of documents) {
    const text = read(document)
    const named = [
      ...text.matchAll(/\b(GET|POST|PUT|PATCH|DELETE) (\/[\w/{}:-]*[\w/}])/g),
      ...text.matchAll(/()\$API(\/[\w/{}:-]*[\w/}])/g),
    ]
    for (const [said, method, path = ''] of named)
      t.ok(
        operations.some((each) => (!method || each.method === method) && each.form.test(path)),
        `${document}: ${said}`,
      )
  }
})
