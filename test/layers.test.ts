// The import rules of the house: who may know whom. A violation names the file and the import.
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** The HTTP side. */
const face = '(app\\.ts|problems\\.ts|http/|doors/)'

/** Which parts of the tree, and which packages, the files of a part may import. The first part that fits counts. */
const rules: Array<{ part: RegExp; may: RegExp }> = [
  { part: /^schemas\//, may: /^(schemas\/|typebox$)/ },
  { part: /^src\/ports\//, may: /^(schemas\/|src\/ports\/)/ },
  // What may be traced: nothing of ours but the errors that spans speak of.
  { part: /^src\/telemetry\//, may: /^(src\/ports\/errors\.ts$|@opentelemetry\/api$)/ },
  { part: /^src\/simulator\//, may: /^(src\/simulator\/|node:)/ },
  { part: /^src\/first-run\//, may: /^(src\/first-run\/|node:)/ },
  { part: /^src\/session\//, may: /^(schemas\/|src\/(ports|session|telemetry)\/|node:|p-limit$)/ },
  { part: /^src\/alerts\//, may: /^(schemas\/|src\/(ports|alerts)\/|node:)/ },
  // Pure: times in, times out.
  { part: /^src\/calendar\//, may: /^(schemas\/|src\/(ports|calendar)\/|luxon$)/ },
  { part: /^src\/bars\//, may: /^(schemas\/|src\/(ports|bars|session|calendar|telemetry)\/|node:|p-limit$)/ },
  // Only its own composition root knows who keeps the promises of the ports.
  { part: /^src\/bot\/main\.ts$/, may: /^(?!src\/(fleet|bars|cli|simulator)\/)/ },
  {
    part: /^src\/bot\//,
    may: /^(schemas\/|src\/(ports|bot|session|alerts|calendar)\/|src\/config\/(values|reading)\.ts$|node:|typebox)/,
  },
  { part: /^src\/forwarder\//, may: /^(src\/(ports|forwarder)\/|node:)/ },
  {
    part: /^src\/fleet\//,
    may: /^(schemas\/|src\/(ports|fleet|session|alerts|calendar|telemetry)\/|node:|p-limit$|typebox)/,
  },
  {
    part: /^routes\//,
    may: /^(schemas\/|routes\/|src\/ports\/|src\/problems\.ts$|node:|typebox$|fastify$|@fastify\/|yaml$|marked$)/,
  },
  {
    part: new RegExp(`^src/${face}`),
    may: new RegExp(
      `^(schemas/|routes/|src/(ports|telemetry)/|src/${face}|node:|fastify$|@fastify/|typebox$|yaml$|pino$)`,
    ),
  },
  // The dashboard runs in a browser. It reads streams and orders gateways as the command line does, and reads log lines as the fleet does.
  {
    part: /^web\/src\//,
    may: /^(schemas\/|web\/src\/|src\/cli\/(server-sent-events|attention)\.ts$|src\/fleet\/login-log\/|preact$|preact\/hooks$|@preact\/signals$)/,
  },
  // A client of the API. What works without a server is put together from adapters, and reads logs as the fleet does.
  { part: /^src\/cli\//, may: /^(?!src\/(fleet\/(?!login-log\/)|alerts\/|main\.ts|config\.ts))/ },
]

/** Packages that only one place may know. */
const vendors: Array<{ name: RegExp; owner: RegExp }> = [
  // A snippet on the dashboard shows it; nothing there uses it.
  { name: /^@stoqey\/ib/, owner: /^(src\/adapters\/ib\/|web\/src\/gateway\/snippets\.ts$)/ },
  // The two others are tools that a person runs, not the manager.
  {
    name: /^dockerode$/,
    owner: /^src\/(adapters\/docker\/|adapters\/simulated\/build-image\.ts|cli\/serverless\/)/,
  },
  { name: /^lmdb$/, owner: /^src\/adapters\/embedded\// },
  { name: /^mongodb$/, owner: /^src\/adapters\/mongo\// },
  { name: /^node-vault$/, owner: /^src\/adapters\/vault\// },
  { name: /^fastify$/, owner: /^(routes\/|src\/(app\.ts$|problems\.ts$|http\/|doors\/))/ },
  { name: /^commander$/, owner: /^src\/cli\// },
  { name: /^luxon$/, owner: /^src\/calendar\// },
  // The core makes spans by src/telemetry; what sends them is an adapter.
  { name: /^@opentelemetry\/api$/, owner: /^src\/(telemetry|adapters\/otel)\// },
  { name: /^@opentelemetry\/(?!api$)/, owner: /^src\/adapters\/otel\// },
  { name: /^marked$/, owner: /^routes\/runbook-page\.ts$/ },
  { name: /^(preact|@preact)(\/|$)/, owner: /^web\/src\// },
  { name: /^udsv$/, owner: /^src\/adapters\/csv\// },
  { name: /^prom-client$/, owner: /^src\/adapters\/prometheus\// },
]

/** Files that start a process, and so may read its environment. */
const entries =
  /^src\/(config|main|demo|bot\/health)\.ts$|^src\/(cli|config)\/|^src\/demo\/|\/(main|bin|build-image)\.ts$/

interface Source {
  readonly file: string
  readonly text: string
  /** What it imports: files from the root, packages and `node:` modules by name. */
  readonly imports: readonly string[]
  /** Those of them that are loaded with the file: neither types alone, nor what is imported when it is needed. */
  readonly loads: readonly string[]
}

const sources: Source[] = await Promise.all(
  (await Promise.all(['schemas', 'routes', 'src', 'web/src'].map(filesBelow))).flat().map(async (file) => {
    const text = await readFile(join(root, file), 'utf8')
    const found = text.matchAll(
      /^(?:import|export)\b( type\b)?[^'"`;]*?from\s+'([^']+)'|\bimport\(\s*'([^']+)'|^import '([^']+)'/gms,
    )
    const imports = [...found].map(([, type, from, dynamic, bare]) => {
      const name = from ?? dynamic ?? bare ?? ''
      return { name: name.startsWith('.') ? join(dirname(file), name) : name, isLoaded: !type && !dynamic }
    })
    return {
      file,
      text,
      imports: imports.map(({ name }) => name),
      loads: imports.filter(({ isLoaded }) => isLoaded).map(({ name }) => name),
    }
  }),
)

t.test('layers', async (t) => {
  t.ok(sources.length > 20, 'there is something to look at')
  const broken = importsThat(
    (file, name) => rules.find(({ part }) => part.test(file))?.may.test(name) === false,
  )
  t.strictSame(broken, [])
})

t.test(
  'adapters know schemas, ports and their vendor, never the core, the face, or one another',
  async (t) => {
    const broken = importsThat((file, name) => {
      const [own, adapter] = /^src\/adapters\/([\w-]+)/.exec(file) ?? []
      if (own === undefined || !/^(src|routes|schemas)\//.test(name)) return false
      if (adapter === 'simulated' && name.startsWith('src/simulator/')) return false
      return !/^(schemas|src\/ports)\//.test(name) && !name.startsWith(own)
    })
    t.strictSame(broken, [])
  },
)

t.test('only the simulated adapter and the command line know the simulator', async (t) => {
  const may = /^src\/(simulator|adapters\/simulated|cli)\//
  t.strictSame(
    importsThat((file, name) => name.startsWith('src/simulator/') && !may.test(file)),
    [],
  )
})

t.test('only the broker writes orders, by the only way there is', (t) => {
  const mayWrite =
    /^src\/(bot\/broker|session\/order-line|adapters\/ib\/connection|adapters\/simulated\/.*)\.ts$|^src\/simulator\//
  const writers = sources.filter(({ text }) => /\.orders\s*\.(place|cancel)\(|\.placeOrder\(/.test(text))
  t.strictSame(
    writers.map(({ file }) => file).filter((file) => !mayWrite.test(file)),
    [],
  )
  t.ok(writers.some(({ file }) => file === 'src/bot/broker.ts'))
  t.end()
})

t.test('each vendor package has one owner', async (t) => {
  const broken = importsThat((file, name) =>
    vendors.some((vendor) => vendor.name.test(name) && !vendor.owner.test(file)),
  )
  t.strictSame(broken, [])
})

t.test('only the configuration and what starts a process read the environment', async (t) => {
  // There is none in a browser; what the dashboard shows are lines for programs of others.
  const here = sources.filter(({ file }) => !file.startsWith('web/'))
  const readers = here.filter(({ text }) => /\bprocess\.env\b/.test(text)).map(({ file }) => file)
  t.strictSame(
    readers.filter((file) => !entries.test(file)),
    [],
  )
})

t.test('the dashboard knows schemas as types only: their library stays out of the browser', async (t) => {
  const loading = sources.filter(
    ({ file, text }) =>
      file.startsWith('web/') && /^import (?!type\b)[^'"`;]*?from\s+'[./]+schemas\//ms.test(text),
  )
  t.strictSame(
    loading.map(({ file }) => file),
    [],
  )
})

t.test('the command line starts with no more than its help needs', async (t) => {
  const packages = [...loadedWith('src/cli/main.ts')].filter((name) => !/^(node:|src\/|schemas\/)/.test(name))
  t.strictSame(packages.sort(), ['commander'])
})

t.test('a test takes its folder from test/test-folder.ts', async (t) => {
  const files = (await filesBelow('test')).filter((file) => !/test-folder\.ts$|layers\.test\.ts$/.test(file))
  const texts = await Promise.all(
    files.map(async (file) => ({ file, text: await readFile(join(root, file), 'utf8') })),
  )
  t.strictSame(
    texts.filter(({ text }) => text.includes('.testdir(')).map(({ file }) => file),
    [],
  )
})

t.test('every file says first what it owns', async (t) => {
  const silent = sources.filter(({ text }) => !/^(#!.*\n)?(\/\/|\/\*\*)/.test(text)).map(({ file }) => file)
  t.strictSame(silent, [])
})

/** Every import of the tree that breaks a rule, in words. */
function importsThat(breakRule: (file: string, name: string) => boolean): string[] {
  return sources.flatMap(({ file, imports }) =>
    imports.filter((name) => breakRule(file, name)).map((name) => `${file} must not import ${name}`),
  )
}

/** Whatever is loaded with a file: files from the root, packages and `node:` modules by name. */
function loadedWith(file: string, found = new Set<string>()): Set<string> {
  for (const name of sources.find((source) => source.file === file)?.loads ?? []) {
    if (found.has(name)) continue
    found.add(name)
    loadedWith(name, found)
  }
  return found
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
}
