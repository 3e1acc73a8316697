// What is in the simulated gateway's image: node, bash and a few tools with the libraries they load, and the simulator.
import { execFile } from 'node:child_process'
import { readdir, readFile, realpath } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Pack, pack } from 'tar-stream'
import { configTemplate } from '../../simulator/ibc-settings.ts'

const simulatorFolder = fileURLToPath(new URL('../../simulator', import.meta.url))
const home = '/home/ibgateway'
const gatewayUser = { uid: 1000, gid: 1000 }
const nodePath = '/usr/local/bin/node'

/** Start scripts, `docker exec` and people at a shell expect these. */
const tools =
  `bash sed cat timeout sleep ls mkdir cp mv rm chmod touch head tail grep cut tr env id date dirname basename
  stat sort wc printf`
    .split(/\s+/)
    .map((name) => `/usr/bin/${name}`)

/** The image's settings, as `docker import` takes them. */
export const imageChanges = [
  `ENV HOME=${home}`,
  'ENV PATH=/usr/local/bin:/usr/bin:/bin',
  `ENV IBC_PATH=${home}/ibc`,
  `ENV IBC_INI=${home}/ibc/config.ini`,
  `ENV IBC_INI_TMPL=${home}/ibc/config.ini.tmpl`,
  `ENV SCRIPT_PATH=${home}/scripts`,
  `ENV TWS_PATH=${home}/Jts`,
  'ENV GATEWAY_OR_TWS=gateway',
  'USER 1000:1000',
  `WORKDIR ${home}`,
  `CMD ["${home}/scripts/run.sh"]`,
]

/** A tar stream of the whole root file system. */
export async function rootFileSystem(): Promise<Readable> {
  const programs = new Map(tools.map((path) => [path, path]))
  programs.set(nodePath, process.execPath)
  const libraries = await librariesOf([...programs.values()])
  const tar = pack()
  void fill(tar, programs, libraries).then(
    () => tar.finalize(),
    (error: Error) => tar.destroy(error),
  )
  return Readable.from(tar)
}

async function fill(tar: Pack, programs: Map<string, string>, libraries: Set<string>): Promise<void> {
  tar.entry({ name: 'tmp', type: 'directory', mode: 0o1777 })
  const script = (program: string) => `#!/bin/bash\nexec ${nodePath} /opt/simulator/bin.js ${program} "$@"\n`
  const file = (path: string, mode: number, content: string | Buffer, owner = {}) =>
    tar.entry({ name: path.slice(1), mode, ...owner }, content)

  for (const [path, source] of programs) file(path, 0o755, await readFile(source))
  for (const path of libraries) file(path, 0o755, await readFile(path))
  for (const shell of ['bash', 'sh', 'sed', 'cat']) {
    const linkname = `/usr/bin/${shell === 'sh' ? 'bash' : shell}`
    tar.entry({ name: `bin/${shell}`, type: 'symlink', linkname })
  }
  file('/etc/passwd', 0o644, `root:x:0:0::/root:/bin/bash\nibgateway:x:1000:1000::${home}:/bin/bash\n`)
  file('/etc/group', 0o644, 'root:x:0:\nibgateway:x:1000:\n')

  file('/opt/simulator/package.json', 0o644, '{"type":"module"}\n')
  for (const path of await compiledFiles()) {
    file(join('/opt/simulator', relative(simulatorFolder, path)), 0o644, await readFile(path))
  }
  file('/usr/local/bin/simctl', 0o755, script('simctl'))

  for (const folder of ['', '/Jts', '/ibc', '/scripts']) {
    tar.entry({ name: `${home}${folder}`.slice(1), type: 'directory', mode: 0o755, ...gatewayUser })
  }
  file(`${home}/scripts/run.sh`, 0o755, script('gateway'), gatewayUser)
  file(`${home}/ibc/config.ini.tmpl`, 0o644, configTemplate, gatewayUser)
}

async function compiledFiles(): Promise<string[]> {
  const entries = await readdir(simulatorFolder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.js'))
    .map((entry) => join(entry.parentPath, entry.name))
}

/** Every shared object that `ldd` names for the programs, the loader included. */
async function librariesOf(programs: readonly string[]): Promise<Set<string>> {
  const found = new Set<string>()
  for (const program of programs) {
    const { stdout } = await promisify(execFile)('ldd', [await realpath(program)])
    for (const [, path] of stdout.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)) if (path) found.add(path)
  }
  return found
}
