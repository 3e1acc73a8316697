// `ibgm explain-log`: a gateway's log, read as the fleet reads it.
import { readFile } from 'node:fs/promises'
import { explainLog } from '../../fleet/login-log/explain.ts'
import { CliError, type ExitCode, exitCodes, type Io, readAll } from '../io.ts'
import type { Toolbox } from '../toolbox.ts'

export async function explain(tools: Toolbox, file: string): Promise<ExitCode> {
  const explanation = explainLog(await readLog(tools.io, file))
  tools.answer(explanation, () => {
    const { phase, status, reason, message, terminal, action, causes } = explanation
    return [
      `phase     ${phase} (${status})`,
      `reason    ${reason === null ? 'none' : message ? `${reason}: ${message}` : reason}`,
      `terminal  ${terminal ? 'yes, the container must be replaced or a person must act' : 'no'}`,
      `action    ${action ?? 'none'}`,
      `causes    ${causes.length === 0 ? 'none' : causes.join(', then ')}`,
    ]
  })
  return exitCodes.ok
}

async function readLog(io: Io, file: string): Promise<string> {
  if (file === '-') return readAll(io.stdin)
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'UNREADABLE'
    throw new CliError('failed', `cannot read ${file} (${code})`, {
      hint: 'save a log with `docker logs CONTAINER > FILE 2>&1`, or pipe it to `ibgm explain-log -`',
      code,
      cause: error,
    })
  }
}
