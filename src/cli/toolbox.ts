// What every command gets: streams, colours, the client, and one way to answer as text or as JSON.
import type { Command } from 'commander'
import { type ApiClient, createClient } from './client.ts'
import { type Connection, readConnection } from './connection.ts'
import type { ExitCode, Io } from './io.ts'
import { type Paint, painter } from './terminal.ts'

export interface GlobalOptions {
  readonly url?: string
  readonly token?: string
  readonly json?: boolean
}

export interface Toolbox {
  readonly io: Io
  readonly json: boolean
  readonly paint: Paint
  /** Which manager is meant, and where that is said. CliError `usage`. */
  connection(): Connection
  /** A client of that manager. CliError `usage`. */
  client(): ApiClient
  /** Prints `value` with --json, else the lines. */
  answer(value: unknown, lines: () => readonly string[]): void
  /** Prints lines for people; nothing with --json, so that stdout stays one document. */
  say(...lines: readonly string[]): void
}

/** Runs one command; `args` are its positional arguments, `options` its own. */
export type Handler<Args extends readonly unknown[], Options extends object> = (
  tools: Toolbox,
  args: Args,
  options: Options,
) => Promise<ExitCode>

/** Where commands are added. */
export interface Cli {
  readonly program: Command
  handle<Args extends readonly unknown[], Options extends object>(
    command: Command,
    handler: Handler<Args, Options>,
  ): void
}

export function createToolbox(io: Io, options: GlobalOptions): Toolbox {
  const json = options.json === true
  const say = (...lines: readonly string[]) => {
    if (!json) for (const line of lines) io.stdout.write(`${line}\n`)
  }
  return {
    io,
    json,
    paint: painter(io.stdout, io.env),
    connection: () => readConnection(options, io.env),
    client() {
      const { url, token } = readConnection(options, io.env)
      return createClient({
        url: url.value,
        ...(token ? { token: token.value } : {}),
        ...(io.signal ? { signal: io.signal } : {}),
      })
    },
    answer(value, lines) {
      if (json) io.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
      else say(...lines())
    },
    say,
  }
}
