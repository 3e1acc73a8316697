// A corner of the machine for one run: network, mounts and processes of its own, all gone with it whatever happens. Linux as root; else none.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const mark = 'IBGM_CHAOS_CORNER'
const unshare = ['--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child']

export interface Corner {
  /** On disk, removed after the run. */
  readonly folder: string
  /** Why this is no corner of its own; undefined when it is one. */
  readonly lacks?: string
}

/**
 * Inside the corner: the corner. Outside: runs this very program again in one and resolves with its exit code; where none can be made,
 * resolves with a corner that lacks it. Ctrl-C and SIGTERM end what runs inside.
 */
export async function enterCorner(): Promise<Corner | number> {
  const inside = process.env[mark]
  if (inside !== undefined) {
    run('ip', 'link', 'set', 'lo', 'up')
    // An engine of the machine keeps its sockets and locks in the one; our servers keep their data in the other.
    for (const path of ['/run', '/dev/shm']) run('mount', '-t', 'tmpfs', 'tmpfs', path)
    return { folder: inside }
  }
  const folder = mkdtempSync(join(tmpdir(), 'ibgm-chaos-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const lacks = whatLacks()
  if (lacks !== undefined) return { folder, lacks }
  // The first process of the corner must take in what others leave behind; a shell does, node does not.
  const again = ['/bin/sh', '-c', '"$@"; exit $?', 'sh', process.execPath, ...process.argv.slice(1)]
  const child = spawn('unshare', [...unshare, ...again], {
    stdio: 'inherit',
    env: { ...process.env, [mark]: folder },
  })
  return ended(child)
}

async function ended(child: ChildProcess): Promise<number> {
  // It heeds no gentler one; with it the kernel ends everything inside.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill('SIGKILL'))
  const [code] = await once(child, 'exit')
  return typeof code === 'number' ? code : 1
}

function whatLacks(): string | undefined {
  if (process.platform !== 'linux') return 'namespaces are a thing of Linux'
  if (process.getuid?.() !== 0) return 'not root'
  for (const [program, ...args] of [
    ['unshare', ...unshare, '/bin/true'],
    ['ip', '-V'],
    ['dockerd', '--version'],
  ] as const)
    if (spawnSync(program, args, { stdio: 'ignore' }).status !== 0) return `${program} is missing or refused`
  return undefined
}

function run(program: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`)
}
