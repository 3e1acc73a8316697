// What a command is given of the outside world, and the failures that decide its exit code. No process globals.

/** A stream to print on; `isTTY` decides about colours, questions and cleaning of control characters. */
export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  /** A terminal tells when its size changes. */
  on?(event: 'resize', listener: () => void): unknown
  off?(event: 'resize', listener: () => void): unknown
}

/** Where answers and piped input come from; `setRawMode` exists on a terminal only. */
export interface Input extends AsyncIterable<unknown> {
  readonly isTTY?: boolean
  setRawMode?(on: boolean): unknown
  setEncoding(encoding: BufferEncoding): unknown
  on(event: 'data' | 'end', listener: (chunk: string) => void): unknown
  off(event: 'data' | 'end', listener: (chunk: string) => void): unknown
  resume(): unknown
  pause(): unknown
}

export interface Io {
  readonly stdout: Output
  readonly stderr: Output
  readonly stdin: Input
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborts on Ctrl-C: commands that run for ever end well, the others give up waiting. */
  readonly signal?: AbortSignal
}

/** 0 ok, 1 failed, 2 wrong usage, 3 not reachable. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, unreachable: 3 } as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** A failure with the words to print: what happened, and what to do about it. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly exitCode: ExitCode
  /** What to do. */
  readonly hint: string | undefined
  /** A stable code for `--json`. */
  readonly code: string

  constructor(
    kind: Exclude<keyof typeof exitCodes, 'ok'>,
    message: string,
    options: { hint?: string; code?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.exitCode = exitCodes[kind]
    this.hint = options.hint
    this.code = options.code ?? kind.toUpperCase()
  }
}

/** All of a stream as text. */
export async function readAll(input: Input): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of input) chunks.push(Buffer.from(chunk as string | Uint8Array))
  return Buffer.concat(chunks).toString('utf8')
}
