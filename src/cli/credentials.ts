// Username and password on their way to the manager: from a prompt or stdin, never from an argument, never printed.
import type { CredentialsBody } from '../../schemas/follower.ts'
import { CliError, type Io, readAll } from './io.ts'
import { ask, canAsk } from './prompt.ts'

/** Asks for both; the password does not show. CliError `usage` where nobody can be asked. */
export async function askCredentials(io: Io, id: string): Promise<CredentialsBody> {
  if (!canAsk(io)) {
    throw new CliError('usage', 'there is no terminal to ask for username and password', {
      hint: `pipe them: printf '%s\\n' USERNAME PASSWORD | ibgm followers credentials ${id} --stdin`,
    })
  }
  const username = await ask(io, `IB username of ${id}: `)
  const password = await ask(io, 'password: ', { hidden: true })
  return complete(username, password)
}

/** Reads `{"username": …, "password": …}` or two lines. */
export async function readCredentials(io: Io): Promise<CredentialsBody> {
  const text = await readAll(io.stdin)
  if (text.trimStart().startsWith('{')) {
    const { username, password } = parseObject(text)
    return complete(username, password)
  }
  const [username, password, ...rest] = text.replace(/\r?\n$/, '').split(/\r?\n/)
  if (rest.length > 0) throw unreadable('it has more than two lines')
  return complete(username, password)
}

function parseObject(text: string): { username?: unknown; password?: unknown } {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's own message quotes its input, which holds a password.
    throw unreadable('it starts like JSON but is not')
  }
}

function complete(username: unknown, password: unknown): CredentialsBody {
  if (typeof username === 'string' && typeof password === 'string' && username !== '' && password !== '') {
    return { username, password }
  }
  throw unreadable('username or password is missing')
}

function unreadable(why: string): CliError {
  return new CliError('usage', `no username and password: ${why}`, {
    hint: 'give {"username": "…", "password": "…"} or two lines, username first',
  })
}
