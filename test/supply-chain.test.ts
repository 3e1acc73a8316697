// What comes with the product: packages pinned by their content, under licences that anyone may use, without scripts that must run; and what we ship.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const root = join(import.meta.dirname, '..', '..')
const readJson = (file: string) => JSON.parse(readFileSync(join(root, file), 'utf8'))

interface LockedPackage {
  readonly resolved?: string
  readonly integrity?: string
  readonly license?: unknown
  readonly dev?: boolean
  readonly link?: boolean
  readonly hasInstallScript?: boolean
}

const manifest = readJson('package.json')
const locked = Object.entries<LockedPackage>(readJson('package-lock.json').packages).filter(
  ([path]) => path !== '',
)
/** Of other systems; npm leaves them out of this one, and the registry at hand does not know them all. */
const installed = locked.filter(([path]) => existsSync(join(root, path, 'package.json')))

/** Permissive, or as good as that for a package that is used and not changed. */
const welcome = new Set([
  ...['MIT', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'BlueOak-1.0.0'],
  ...['MPL-2.0', 'CC0-1.0', 'CC-BY-3.0', 'CC-BY-4.0', 'Unlicense', 'WTFPL', 'Python-2.0'],
])

/** The words of a package's licence: an SPDX expression, or one of the older ways to say it. */
function licencesOf(path: string): string[] {
  const { license, licenses } = readJson(join(path, 'package.json'))
  // MIT by its license file, which alone says it.
  if (path === 'node_modules/jsonc-simple-parser') return ['MIT']
  const said = [license ?? licenses].flat().map((one) => (typeof one === 'object' ? one?.type : one))
  return said.flatMap((one) => String(one).replace(/[()]/g, '').split(' OR '))
}

t.test('every package is of the registry, and pinned by its content', async (t) => {
  t.ok(installed.length > 300)
  const isOurs = ({ resolved, link, integrity }: LockedPackage) =>
    !link && /^sha512-/.test(integrity ?? '') && /^(https:\/\/registry\.npmjs\.org\/|$)/.test(resolved ?? '')
  t.strictSame(
    installed.filter(([, entry]) => !isOurs(entry)),
    [],
  )
})

t.test('every package is under a licence that anyone may use', async (t) => {
  const others = installed
    .map(([path]) => ({ path, licences: licencesOf(path) }))
    .filter(({ licences }) => !licences.some((licence) => welcome.has(licence)))
  t.strictSame(others, [])
})

t.test('no install script is needed', async (t) => {
  const scripted = locked.filter(([, { hasInstallScript }]) => hasInstallScript)
  for (const [path] of scripted) {
    const name = path.replace(/^.*node_modules\//, '')
    t.equal(manifest.allowScripts[name], false, `${name} works without its install script`)
  }
  for (const hook of ['preinstall', 'install', 'postinstall', 'prepare'])
    t.equal(manifest.scripts[hook], undefined, `we have no ${hook} ourselves`)
})

t.test('the npm package has all that runs and reads, and nothing else', async (t) => {
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error'], {
      cwd: root,
      encoding: 'utf8',
    }),
  )
  const files: string[] = packed.files.map(({ path }: { path: string }) => path)
  const wanted = ['package.json', 'README.md', 'LICENSE', 'openapi.yaml', '.env.example', 'docs/runbook.md']
  for (const file of [
    ...wanted,
    ...Object.values<string>(manifest.bin),
    'dist/src/main.js',
    'dist/dashboard/index.html',
    'deploy/prometheus/alerts.yml',
    'deploy/grafana/ibgm.json',
  ])
    t.ok(files.includes(file), file)
  const strange = files.filter(
    (file) => !/^(dist\/(src|routes|schemas|dashboard)\/|docs\/|deploy\/|examples\/)/.test(file),
  )
  t.strictSame(
    strange.filter((file) => !/^(package\.json|README\.md|LICENSE|openapi\.yaml|\.env\.example)$/.test(file)),
    [],
  )
  t.strictSame(
    files.filter((file) => /\.ts$|\.tsbuildinfo$|(^|\/)test\/|\.(pem|key|token)$/.test(file)),
    [],
    'neither sources nor tests nor secrets',
  )
})
