// `ibgm logs`: a gateway's container log, scrubbed by the manager; with -f line by line as it is written.
import { segment } from '../client.ts'
import { CliError, exitCodes } from '../io.ts'
import { printable } from '../terminal.ts'
import type { Cli } from '../toolbox.ts'

export function addLogsCommand(cli: Cli): void {
  cli.handle<[string], { tail?: string; follow?: boolean }>(
    cli.program
      .command('logs <id>')
      .description("the gateway's container log")
      .option('-n, --tail <lines>', 'the last so many lines [200]')
      .option('-f, --follow', 'go on with new lines until Ctrl-C'),
    async ({ io, client, json }, [id], { tail, follow }) => {
      if (tail !== undefined && !/^\d{1,7}$/.test(tail)) {
        throw new CliError('usage', `--tail takes a number of lines, got "${tail}"`)
      }
      const print = (line: string) => {
        if (json) io.stdout.write(`${JSON.stringify({ followerId: id, line })}\n`)
        else io.stdout.write(`${io.stdout.isTTY ? printable(line) : line}\n`)
      }
      const path = `/gateways/${segment(id)}/logs`
      if (follow) {
        for await (const { event, data } of client().events(path, { tail, follow: true })) {
          if (event === 'error') throw brokenStream(id, data)
          print(data)
        }
        return exitCodes.ok
      }
      const text = await client().text(path, { tail })
      if (text !== '') for (const line of text.replace(/\n$/, '').split('\n')) print(line)
      return exitCodes.ok
    },
  )
}

/** The manager ends a stream it cannot go on with by an `error` event: `{code, detail}`. */
function brokenStream(id: string, data: string): CliError {
  const { code, detail } = JSON.parse(data) as { code: string; detail: string }
  return new CliError('failed', `the log of ${id} broke off: ${detail}`, { code })
}
