// What is in the manager's image, file by file: this tree's build, the pinned packages that run it, and nothing else.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import t from 'tap'
import { extract } from 'tar-stream'
import { gate } from '../integration-gate.ts'
import { plainDocker } from './docker-subject.ts'

const image = 'ib-gateway-manager:latest'
const toBuild = `make both anew: npm run build && docker build --target manager -t ${image} .`
const root = join(import.meta.dirname, '..', '..', '..')
const built = ['dist/src', 'dist/schemas', 'dist/routes', 'dist/dashboard']
const copied = ['package.json', 'package-lock.json', 'LICENSE', 'docs/runbook.md', 'docs/runbook.css']

interface Entry {
  readonly type: string | null | undefined
  readonly uid: number
  readonly mode: number
  /** Of its contents, and of where it leads. */
  readonly hash: string
  /** Of a package.json alone. */
  readonly text?: string
}

const hashOf = (contents: Buffer) => createHash('sha1').update(contents).digest('hex')

/** Everything in an image as a container of it would find it, by path; undefined when the engine has no such image. */
async function filesOf(name: string): Promise<Map<string, Entry> | undefined> {
  const docker = plainDocker()
  // Never started: any command will do.
  const container = await docker.createContainer({ Image: name, Cmd: ['node'] }).catch((error) => {
    if (error.statusCode === 404) return undefined
    throw error
  })
  if (!container) return undefined
  try {
    const files = new Map<string, Entry>()
    const archive = extract()
    const source = await container.export()
    source.on('error', (error) => archive.destroy(error)).pipe(archive)
    for await (const entry of archive) {
      const { name: path, type, uid = 0, mode = 0, linkname } = entry.header
      const contents = await buffer(entry)
      files.set(path.replace(/\/$/, ''), {
        type,
        uid,
        mode,
        hash: `${hashOf(contents)} ${linkname ?? ''}`,
        ...(path.endsWith('/package.json') && { text: contents.toString() }),
      })
    }
    return files
  } finally {
    // With the volume that the image declares.
    await container.remove({ v: true })
  }
}

/** Path below the tree's root to what `hash` of an entry would be. */
function filesOfTree(): Map<string, string> {
  const below = built
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)),
    )
    // A build leaves what an earlier one made of sources that are gone.
    .filter((path) => !/\.js(\.map)?$/.test(path) || path.startsWith('dist/dashboard/') || hasSource(path))
  return new Map(
    [...copied, ...below].map((path) => [path, `${hashOf(readFileSync(join(root, path)))} `] as const),
  )
}

const hasSource = (path: string) =>
  existsSync(join(root, path.slice('dist/'.length).replace(/\.js(\.map)?$/, '.ts')))

interface LockedPackage {
  readonly version: string
  readonly dev?: boolean
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly libc?: readonly string[]
}

/** Production packages that the lock pins for Linux with glibc on `cpu`, as `path@version`. */
function pinned(cpu: string): string[] {
  const fits = (allowed: readonly string[] | undefined, it: string) => !allowed || allowed.includes(it)
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  return Object.entries<LockedPackage>(packages)
    .filter(([path, { dev, os, cpu: cpus, libc }]) => {
      return path !== '' && !dev && fits(os, 'linux') && fits(cpus, cpu) && fits(libc, 'glibc')
    })
    .map(([path, { version }]) => `${path}@${version}`)
    .sort()
}

if (await gate(t, 'docker')) {
  const isRequired = (process.env.REQUIRE_INTEGRATION ?? '')
    .split(',')
    .some((name) => name.trim() === 'docker')
  const [, base = ''] = /^ARG NODE_IMAGE=(\S+)$/m.exec(readFileSync(join(root, 'Dockerfile'), 'utf8')) ?? []
  const [files, baseFiles] = await Promise.all([filesOf(image), filesOf(base)])
  const ours = new Map(
    [...(files ?? [])].flatMap(([path, { type, hash }]) =>
      path.startsWith('app/') && !path.startsWith('app/node_modules/') && type !== 'directory'
        ? [[path.slice('app/'.length), hash] as const]
        : [],
    ),
  )
  const tree = filesOfTree()
  const differing = [...new Set([...tree.keys(), ...ours.keys()])].filter(
    (path) => tree.get(path) !== ours.get(path),
  )
  const missing = !files ? image : !baseFiles ? base : undefined
  const trouble = missing
    ? `the engine has no ${missing}; ${toBuild}`
    : differing.length > 0
      ? `${image} is not of this tree (${differing.slice(0, 5).join(', ')}${differing.length > 5 ? ', …' : ''}); ${toBuild}`
      : undefined
  if (trouble && isRequired) t.fail(trouble)
  else if (trouble) t.plan(0, trouble)
  else if (files && baseFiles) await look(files, baseFiles)
}

async function look(files: Map<string, Entry>, baseFiles: Map<string, Entry>): Promise<void> {
  t.pass('its files are those that this tree builds: no sources, tests or settings, and not one byte else')

  t.test('beyond its base it has only /app, /data and /state', async (t) => {
    const added = [...files].filter(([path, { hash, mode, uid }]) => {
      const before = baseFiles.get(path)
      return before?.hash !== hash || before.mode !== mode || before.uid !== uid
    })
    const elsewhere = added.map(([path]) => path).filter((path) => !/^(app|data|state)(\/|$)/.test(path))
    t.strictSame(elsewhere, [])
    t.strictSame(
      [...baseFiles.keys()].filter((path) => !files.has(path)),
      [],
      'nothing of the base is gone',
    )
  })

  t.test('whoever runs it can write only where it keeps something', async (t) => {
    const its = [...files].filter(([path]) => /^(app|data|state)(\/|$)/.test(path))
    const writable = its.filter(
      ([, { type, uid, mode }]) => uid !== 0 || (type !== 'symlink' && (mode & 0o002) !== 0),
    )
    t.strictSame(writable.map(([path]) => path).sort(), ['app/logs', 'data', 'state'])
  })

  t.test('its packages are those that the lock pins for production', async (t) => {
    const { Architecture } = await plainDocker().getImage(image).inspect()
    const cpu = { amd64: 'x64' }[Architecture] ?? Architecture
    const found = [...files].flatMap(([path, { text }]) => {
      const [, folder] =
        /^app\/((?:node_modules\/(?:@[^/]+\/)?[^/]+\/)*node_modules\/(?:@[^/]+\/)?[^/]+)\/package\.json$/.exec(
          path,
        ) ?? []
      return folder && text ? [`${folder}@${JSON.parse(text).version}`] : []
    })
    t.strictSame(found.sort(), pinned(cpu))
  })
}
