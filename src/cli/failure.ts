// How a failure is told: what happened, its code, what to do, and the exit code it stands for.
import type { Problem } from '../../schemas/common.ts'
import { messageOf } from '../ports/errors.ts'
import { ApiProblem } from './client.ts'
import { CliError, type ExitCode, exitCodes, type Io } from './io.ts'
import { painter, printable } from './terminal.ts'

/** What to do about a problem, in commands of this CLI; the server's detail cannot know them. */
const hints: Readonly<Record<string, string>> = {
  FOLLOWER_NOT_FOUND: '`ibgm followers list` shows the ids, `ibgm followers create ID` makes one',
  FOLLOWER_EXISTS: '`ibgm followers patch ID` changes it',
  FOLLOWER_NOT_LAUNCHABLE: '`ibgm followers patch ID --set enabled=true --set state=ACTIVE`',
  REVISION_MISMATCH: 'look again with `ibgm followers show ID`, then repeat the change',
  CREDENTIALS_MISSING: '`ibgm followers credentials ID`',
  CREDENTIALS_INCOMPLETE: '`ibgm followers credentials ID`',
  CREDENTIALS_REJECTED:
    'put other credentials with `ibgm followers credentials ID`: the same are not tried twice',
  CREDENTIALS_INVALID: 'no control characters, and no blank at either end',
  GATEWAY_NOT_RUNNING: '`ibgm launch ID --wait`',
  GATEWAY_NOT_UP: '`ibgm launch ID --wait`',
  SOFT_RESTART_UNAVAILABLE: '`ibgm restart ID --mode container` (a full login, with its 2FA push)',
  INVALID_REQUEST: '`ibgm COMMAND --help` tells what it takes',
  UNAUTHORIZED: 'give a token with IBGM_TOKEN or --token',
  FORBIDDEN: 'use a token whose role allows this, with IBGM_TOKEN or --token; `ibgm token create` makes one',
  UNKNOWN_FAULT: '`ibgm fault --help` lists the faults',
  ALERT_NOT_FOUND: '`ibgm alerts` shows the ids',
  SCAN_RUNNING: '`ibgm gaps` shows how far it is',
  SERIES_EXISTS: '`ibgm series remove SYMBOL TIMEFRAME` first, to track it with other settings',
  SERIES_NOT_FOUND: '`ibgm series` shows what is tracked',
  CONTRACT_UNKNOWN: '`ibgm series add` says what kind of contract it is: --sec-type, --exchange, --currency',
  CONTRACT_AMBIGUOUS: '`ibgm series add` says which contract is meant: --sec-type, --exchange, --currency',
  DATA_CONNECTION_DOWN: '`ibgm status` shows the data connection',
  BARS_DIR_UNUSABLE: 'see that BARS_DIR is there, may be written, and has room',
  BAR_FILE_DAMAGED: 'mend the file, or move it away: it is left as it is until then',
  ENGINE_UNAVAILABLE: 'see that the container engine runs, and that the manager may reach it',
}

/** Problems with what was typed: only the manager knows what it takes, and the usage is wrong all the same. */
const wrongUsage: ReadonlySet<string> = new Set(['INVALID_REQUEST', 'UNKNOWN_FAULT'])

/** Prints `error` on stderr, as text or as one JSON object, and says how to exit. */
export function printFailure(error: unknown, io: Io, json: boolean): ExitCode {
  const failure = describe(error, io.signal?.aborted === true)
  if (json) {
    io.stderr.write(`${JSON.stringify(failure.problem)}\n`)
    return failure.exitCode
  }
  const paint = painter(io.stderr, io.env)
  const { problem } = failure
  const lines = [
    `${paint('red', 'error:')} ${problem.detail}`,
    ...(problem.errors ?? []).map(({ path, message }) => `  ${path || '(body)'}: ${message}`),
    ...(problem.code ? [`  code: ${problem.code}`] : []),
    ...(problem.hint ? [`  what to do: ${problem.hint}`] : []),
  ]
  for (const line of lines) io.stderr.write(`${io.stderr.isTTY ? printable(line).trimEnd() : line}\n`)
  return failure.exitCode
}

interface Failure {
  readonly exitCode: ExitCode
  readonly problem: Partial<Problem> & { detail: string; hint?: string }
}

function describe(error: unknown, interrupted: boolean): Failure {
  if (error instanceof ApiProblem) {
    const { problem } = error
    const hint = hintFor(error)
    const detail = problem.detail || problem.title || `HTTP ${problem.status}`
    const exitCode = wrongUsage.has(problem.code) ? exitCodes.usage : exitCodes.failed
    return { exitCode, problem: { ...problem, detail, ...(hint ? { hint } : {}) } }
  }
  if (error instanceof CliError) {
    const { code, hint, exitCode, message } = error
    return { exitCode, problem: { detail: message, code, ...(hint ? { hint } : {}) } }
  }
  if (interrupted)
    return { exitCode: exitCodes.failed, problem: { detail: 'interrupted', code: 'INTERRUPTED' } }
  const message = messageOf(error)
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
  const exitCode = code === 'ENGINE_UNAVAILABLE' ? exitCodes.unreachable : exitCodes.failed
  return { exitCode, problem: { detail: message, ...(code ? { code } : {}) } }
}

function hintFor({ problem, retryAfterSeconds }: ApiProblem): string | undefined {
  const known = hints[problem.code]
  if (known !== undefined) return known
  if (retryAfterSeconds !== undefined) return `try again in ${retryAfterSeconds} s`
  if (problem.status >= 500 && problem.instance) {
    return `look for request ${problem.instance} in the manager's log`
  }
  return undefined
}
