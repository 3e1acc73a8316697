// `ibgm config`: which manager counts, and where that is said. Never the token itself.
import { exitCodes } from '../io.ts'
import { printable, renderTable } from '../terminal.ts'
import type { Cli } from '../toolbox.ts'

export function addConfigCommand(cli: Cli): void {
  cli.handle<[], object>(
    cli.program.command('config').description('which manager and token count, and where they are set'),
    async ({ answer, connection, paint }) => {
      const { url, token, file, unused } = connection()
      const said = {
        url,
        ...(token && { token: { from: token.from } }),
        ...(file && { file }),
        ...(unused && { unused }),
      }
      answer(said, () => [
        ...renderTable(
          ['SETTING', 'VALUE', 'FROM'],
          [
            ['url', url.value, url.from],
            token ? ['token', '(not shown)', token.from] : ['token', '(none)', ''],
          ],
          paint,
        ),
        ...(unused ? [printable(`not used: ${unused}`)] : []),
        ...(file ? [printable(`config file: ${file}`)] : []),
      ])
      return exitCodes.ok
    },
  )
}
