// `ibgm token create`: makes an API token, shows it this once, and writes down only its hash.
import { appendFileSync, readFileSync } from 'node:fs'
import {
  hashToken,
  makeToken,
  parseTokens,
  type Role,
  type Token,
  tokenLine,
  tokenName,
} from '../../doors/tokens.ts'
import type { TokenOptions } from '../commands/serverless.ts'
import { CliError, type ExitCode, exitCodes } from '../io.ts'
import type { Toolbox } from '../toolbox.ts'

export async function createToken(
  { answer }: Toolbox,
  { name, role, file }: TokenOptions,
): Promise<ExitCode> {
  if (!tokenName.test(name)) {
    throw new CliError('usage', `"${name}" cannot name a token`, {
      hint: 'letters, digits, `_`, `.` or `-`, at most 63, a letter or digit first; not local, manager or nobody',
    })
  }
  const token = makeToken()
  const line = tokenLine({ name, role: role as Role, hash: hashToken(token) })
  if (file !== undefined) append(file, name, line)
  answer({ name, role, token, line, ...(file !== undefined && { file }) }, () => [
    `The token of ${name} (${role}), shown this once; it goes into IBGM_TOKEN or Authorization: Bearer`,
    `  ${token}`,
    file === undefined
      ? 'Its line, for API_TOKENS or the file of API_TOKENS_FILE'
      : `Its line, now in ${file}`,
    `  ${line}`,
  ])
  return exitCodes.ok
}

/** One write at the file's end, so that a server that reads it meanwhile sees the line whole or not at all, and no line is lost. */
function append(file: string, name: string, line: string): void {
  const text = readIfThere(file)
  if (tokensIn(file, text).some((token) => token.name === name)) {
    throw new CliError('failed', `${file} has a token named ${name} already`, {
      hint: 'pick another --name, or remove its line first: that revokes it',
      code: 'NAME_IN_USE',
    })
  }
  const isMidLine = text !== '' && !text.endsWith('\n')
  try {
    appendFileSync(file, `${isMidLine ? '\n' : ''}${line}\n`, { mode: 0o600, flush: true })
  } catch (error) {
    throw notUsable(file, 'written', error)
  }
}

function tokensIn(file: string, text: string): readonly Token[] {
  const { tokens, faults } = parseTokens(text)
  if (faults.length === 0) return tokens
  throw new CliError('failed', `${file} is broken: ${faults.join('; ')}`, { hint: 'mend it first' })
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw notUsable(file, 'read', error)
  }
}

function notUsable(file: string, how: string, cause: unknown): CliError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'failed'
  return new CliError('failed', `${file} cannot be ${how} (${code})`, { code, cause })
}
