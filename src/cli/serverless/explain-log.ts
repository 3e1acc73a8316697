// `ibgm explain-log`: a gateway's log, read as the fleet reads it.
import { readFile } from 'node:fs/promises'
import { explainLog, gatewaysIn } from '../../fleet/login-log/explain.ts'
import { CliError, type ExitCode, exitCodes, type Io, readAll } from '../io.ts'
import type { Toolbox } from '../toolbox.ts'

export async function explain(tools: Toolbox, file: string): Promise<ExitCode> {
  const log = await readLog(tools.io, file)
  checkOneGateway(file === '-' ? 'what came on stdin' : file, log)
  const explanation = explainLog(log)
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

const howToSave = 'save a log with `docker logs CONTAINER > FILE 2>&1`, or pipe it to `ibgm explain-log -`'

/** CliError `failed` for a text that nothing can be said of. */
function checkOneGateway(name: string, text: string): void {
  const gateways = gatewaysIn(text)
  if (gateways.size === 1) return
  if (gateways.size > 1) {
    const names = [...gateways].map((each) => each || 'one without a name').join(', ')
    throw new CliError('failed', `${name} has the logs of ${gateways.size} gateways: ${names}`, {
      hint: 'save them one by one, with `docker compose logs SERVICE > FILE`',
      code: 'SEVERAL_GATEWAYS',
    })
  }
  const why =
    text.trim() === '' ? 'is empty' : "is not a gateway's log: no line of it is IBC's or its start scripts'"
  throw new CliError('failed', `${name} ${why}`, { hint: howToSave, code: 'NOT_A_GATEWAY_LOG' })
}

async function readLog(io: Io, file: string): Promise<string> {
  if (file === '-') return readAll(io.stdin)
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'UNREADABLE'
    throw new CliError('failed', `cannot read ${file} (${code})`, {
      hint: howToSave,
      code,
      cause: error,
    })
  }
}
