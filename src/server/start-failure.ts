// How a start that failed ends: what is said to the person, and the exit code. Pure.
import { ConfigError, show } from '../config/reading.ts'
import { isFleetError } from '../ports/errors.ts'

export interface StartFailure {
  readonly message: string
  /** 2: a value must be changed before it can work; 1: anything else. */
  readonly exitCode: 1 | 2
}

type SystemError = Error & { syscall?: string; code?: string; address?: string; port?: number }

/** `wanted`: where it was to listen, as the environment says. */
export function startFailure(
  error: unknown,
  wanted: { readonly HOST?: string | undefined; readonly PORT?: string | undefined },
): StartFailure {
  if (error instanceof ConfigError) return { message: error.message, exitCode: 2 }
  if (isFleetError(error))
    return { message: error.message, exitCode: error.code === 'DATA_DIR_UNUSABLE' ? 2 : 1 }
  const { syscall, code, address, port, stack } = error as SystemError
  if (code === 'EADDRINUSE')
    return {
      message: `Another program listens on ${address}:${port}. Stop it, or choose another PORT.`,
      exitCode: 1,
    }
  if (code === 'EACCES' && syscall === 'listen')
    return {
      message: `PORT: got ${port} (${code}), takes a port that this user may listen on`,
      exitCode: 2,
    }
  if (syscall === 'listen' || syscall === 'getaddrinfo')
    return {
      message: `HOST: got ${show(wanted.HOST ?? '')} (${code}), takes an address of this machine`,
      exitCode: 2,
    }
  return { message: stack ?? String(error), exitCode: 1 }
}
