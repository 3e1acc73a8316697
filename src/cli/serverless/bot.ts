// `ibgm bot`: the trading bot in a process of its own, with this terminal's streams; signals are passed on, its exit code comes back.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { CliError, type ExitCode } from '../io.ts'
import type { Toolbox } from '../toolbox.ts'

/** `flags` are the bot's own. Resolves with its exit code. */
export function runBot({ io }: Toolbox, flags: readonly string[]): Promise<ExitCode> {
  const entry = fileURLToPath(new URL('../../bot/main.js', import.meta.url))
  if (!existsSync(entry))
    throw new CliError('failed', 'the bot is not built', { hint: 'npm run build, in the project' })
  const bot = spawn(process.execPath, [entry, ...flags], { stdio: 'inherit', env: { ...io.env } })
  const stop = () => bot.kill('SIGTERM')
  io.signal?.addEventListener('abort', stop, { once: true })
  return new Promise((resolve, reject) => {
    bot.once('error', reject)
    bot.once('exit', (code) => {
      io.signal?.removeEventListener('abort', stop)
      resolve((code ?? 1) as ExitCode)
    })
  })
}
