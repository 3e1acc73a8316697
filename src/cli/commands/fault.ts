// `ibgm fault`: breaks a simulated gateway on purpose.
import { faultNames } from '../../simulator/faults.ts'
import { segment } from '../client.ts'
import { exitCodes } from '../io.ts'
import { printable } from '../terminal.ts'
import type { Cli } from '../toolbox.ts'

/** Each fault of the simulator with what it does, and its argument where it takes one. */
const faults: Readonly<Record<(typeof faultNames)[number], readonly [what: string, argument?: string]>> = {
  drop: ['close every API connection'],
  mute: ['accept and answer nothing'],
  'half-open': ['connections stay open, nothing comes back'],
  slow: ['answer late', '[MS]'],
  '1100': ['IB is lost behind the gateway'],
  '1101': ['IB is back, but subscriptions are gone'],
  '1102': ['IB is back'],
  '2110': ['IB is lost, in the words that a new connection is told'],
  'farm-down': ['the data farms are down'],
  'farm-up': ['the data farms are back'],
  'nightly-restart': ['restart as every night'],
  exit: ['the gateway process ends with this status', '[N]'],
  oom: ['the gateway is killed for its memory'],
  'reject-326': ['every client id is in use'],
  'refuse-login': ['the next login is refused'],
  'approve-2fa': ['approve the waiting push'],
  handshake: ['the API handshake goes wrong', '[A…I]'],
  'order-delay': ['orders are acknowledged late', '[MS]'],
  'order-silent': ['orders are taken, and nobody is told'],
  'order-reject': ['every order is refused with this reason', '[TEXT]'],
  'order-any-hour': ['markets do not close'],
  'executions-endless': ['an empty list of fills has no end'],
  clear: ['undo what can be undone'],
}

/** For the help texts; each in the simulator's order. */
export const faultHelp = [
  '\nFaults:',
  ...faultNames.map((name) => {
    const [what, argument = ''] = faults[name]
    return `  ${`${name} ${argument}`.padEnd(20)}${what}`
  }),
].join('\n')

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
