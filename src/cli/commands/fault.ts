// `ibgm fault`: breaks a simulated gateway on purpose.
import { segment } from '../client.ts'
import { exitCodes } from '../io.ts'
import { printable } from '../terminal.ts'
import type { Cli } from '../toolbox.ts'

/** Each fault with its argument and what it does, for the help texts. The simulator knows the rest. */
export const faultHelp = `
Faults:
  drop              close every API connection
  mute              accept and answer nothing
  half-open         connections stay open, nothing comes back
  slow [MS]         answer late
  1100              IB is lost behind the gateway; 1101 and 1102 bring it back
  farm-down         a market-data farm is down
  nightly-restart   restart as every night
  exit [N]          the gateway process ends
  reject-326        every client id is in use
  refuse-login      the next login is refused
  approve-2fa       approve the waiting push
  clear             undo what can be undone`

export function addFaultCommand(cli: Cli): void {
  cli.handle<[string, string, string | undefined], object>(
    cli.program
      .command('fault <id> <fault> [value]')
      .description('break a simulated gateway on purpose')
      .addHelpText('after', faultHelp),
    async (tools, [id, fault, value]) => {
      await tools.client().send('POST', `/simulator/${segment(id)}/faults`, {
        body: { fault, ...(value === undefined ? {} : { value }) },
      })
      tools.answer({ followerId: id, fault, ...(value === undefined ? {} : { value }) }, () => [
        printable(
          `${id}: ${fault}${value === undefined ? '' : ` ${value}`}; \`ibgm status ${id}\` shows what it does`,
        ),
      ])
      return exitCodes.ok
    },
  )
}
