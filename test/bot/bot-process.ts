// The bot as its own process, as a user starts it: environment in; log lines, exit code and health out. It ends with its test.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { until } from '../fleet/world.ts'

const built = join(import.meta.dirname, '..', '..', 'src', 'bot')

export interface LogLine {
  readonly level: string
  readonly time: string
  readonly msg: string
  readonly version: string
  readonly [field: string]: unknown
}

export interface BotProcess {
  readonly exitCode: Promise<number | null>
  stdout(): string
  stderr(): string
  /** Every line of its log; throws when one is not JSON. */
  json(): LogLine[]
  heard(message: string): Promise<LogLine>
  /** SIGTERM; resolves with the exit code and how long it took. */
  terminate(): Promise<{ exitCode: number | null; tookMs: number }>
  kill(): Promise<void>
}

/** Nothing of this process's environment but PATH reaches it. */
export async function botProcess(t: Test, env: Record<string, string>): Promise<BotProcess> {
  const dir = await mkdtemp(join(tmpdir(), 'ibgm-bot-'))
  const settings = {
    PATH: process.env.PATH ?? '',
    BOT_STATE_DIR: join(dir, 'state'),
    BOT_HEALTH_PORT: '0',
    ...env,
  }
  const child = spawn(process.execPath, [join(built, 'main.js')], { cwd: dir, env: settings })
  const exitCode = once(child, 'close').then(([code]) => code as number | null)
  const out = collected(child, 'stdout')
  const err = collected(child, 'stderr')
  const kill = async () => {
    child.kill('SIGKILL')
    await exitCode
  }
  t.teardown(async () => {
    await kill()
    await rm(dir, { recursive: true })
  })
  const json = () =>
    out()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as LogLine)
  return {
    exitCode,
    stdout: out,
    stderr: err,
    json,
    async heard(message) {
      const find = () => json().find(({ msg }) => msg === message)
      await until(
        () => ({ line: find(), ended: child.exitCode, tail: out().slice(-800) }),
        ({ line }) => line !== undefined,
        `"${message}"`,
        30_000,
        20,
      )
      return find() as LogLine
    },
    async terminate() {
      const from = performance.now()
      child.kill('SIGTERM')
      return { exitCode: await exitCode, tookMs: performance.now() - from }
    },
    kill,
  }
}

/** Docker's health command for a bot at this port: its exit code and what it printed. */
export async function healthCommand(port: number): Promise<{ exitCode: number | null; printed: string }> {
  const env = { PATH: process.env.PATH ?? '', BOT_HEALTH_PORT: String(port) }
  const child = spawn(process.execPath, [join(built, 'health.js')], { env })
  const out = collected(child, 'stdout')
  const [exitCode] = (await once(child, 'close')) as [number | null]
  return { exitCode, printed: out().trim() }
}

function collected(child: ChildProcess, stream: 'stdout' | 'stderr'): () => string {
  let text = ''
  child[stream]?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return () => text
}
