// What the operating system says about this process and its neighbours, for the locks: Linux by /proc, macOS by sysctl and ps.
import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Processes } from '../../ports/lock-holder.ts'

/** Reads who we are, once. Systems that tell no boot id leave it empty: then a lock's successor waits instead of looking. */
export function readProcesses(): Processes {
  const system = process.platform === 'linux' ? linux : process.platform === 'darwin' ? darwin : unknown
  // Without the namespace, two containers on one host would look like one: then better no boot id either.
  const pidNamespace = orEmpty(system.pidNamespace)
  const bootId = process.platform === 'linux' && pidNamespace === '' ? '' : orEmpty(system.bootId)
  return {
    self: {
      host: hostname(),
      bootId,
      pidNamespace,
      pid: process.pid,
      pidStartedAt: system.startedAt(process.pid) ?? '',
    },
    startedAt: system.startedAt,
  }
}

interface System {
  bootId(): string
  pidNamespace(): string
  startedAt(pid: number): string | null
}

const linux: System = {
  bootId: () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
  pidNamespace: () => readlinkSync('/proc/self/ns/pid'),
  startedAt(pid) {
    let stat: string
    try {
      stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    } catch {
      return null
    }
    return startTimeInStat(stat)
  },
}

/**
 * Field 22 (clock ticks since boot) of a line of /proc/<pid>/stat, null for a zombie; see proc(5). The command name, field 2, may itself
 * contain blanks and parentheses, hence the last one counts.
 */
export function startTimeInStat(stat: string): string | null {
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (state === 'Z' || state === 'X') return null
  return fields[18] ?? null
}

const darwin: System = {
  bootId: () => execFileSync('sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'utf8' }).trim(),
  pidNamespace: () => '',
  startedAt(pid) {
    try {
      const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      return started.trim() || null
    } catch {
      return null
    }
  },
}

const unknown: System = { bootId: () => '', pidNamespace: () => '', startedAt: () => null }

function orEmpty(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}
