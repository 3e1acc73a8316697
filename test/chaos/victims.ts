// What is done to one container: from the engine's side, from its processes' side, and from its network's side.
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import type Dockerode from 'dockerode'

export interface Victim {
  readonly followerId: string
  readonly containerId: string
  readonly container: Dockerode.Container
}

/** Says a fault to the simulated gateway inside. */
export async function simctl({ container }: Victim, ...args: string[]): Promise<void> {
  const exec = await container.exec({ Cmd: ['simctl', ...args], AttachStdout: true, AttachStderr: true })
  await text(await exec.start({}))
  const { ExitCode } = await exec.inspect()
  if (ExitCode !== 0) throw new Error(`simctl ${args.join(' ')} ended with ${ExitCode}`)
}

/** Stops every process in it where it stands; the engine knows nothing of it. The answer lets them go on. */
export async function freeze(victim: Victim): Promise<() => Promise<void>> {
  signalAll(victim.containerId, 'SIGSTOP')
  return async () => signalAll(victim.containerId, 'SIGCONT')
}

/** Its packets vanish in both directions, and nobody is told: what a half-open connection is. The answer lets them through again. */
export async function dropPackets({ container }: Victim): Promise<() => Promise<void>> {
  const { State } = await container.inspect()
  const rules = [
    ['INPUT', '!', '-i', 'lo', '-j', 'DROP'],
    ['OUTPUT', '!', '-o', 'lo', '-j', 'DROP'],
  ]
  for (const rule of rules) await inNetworkOf(State.Pid, 'iptables', '-w', '-I', ...rule)
  return async () => {
    const { State: now } = await container.inspect()
    if (!now.Running || now.Pid !== State.Pid) return
    for (const rule of rules) await inNetworkOf(State.Pid, 'iptables', '-w', '-D', ...rule)
  }
}

async function inNetworkOf(pid: number, ...command: string[]): Promise<void> {
  if (pid <= 0) throw new Error('its process is gone')
  await promisify(execFile)('nsenter', ['--target', String(pid), '--net', ...command])
}

/** By control group, so that no number is signalled which has meanwhile been given to another process. */
function signalAll(containerId: string, signal: NodeJS.Signals): void {
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    if (Number.isInteger(pid) && belongs(pid, containerId)) process.kill(pid, signal)
  }
}

function belongs(pid: number, containerId: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(containerId)
  } catch {
    return false
  }
}
