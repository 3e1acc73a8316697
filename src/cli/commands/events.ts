// `ibgm events`: what happened and who asked for it; with -f as it happens.
import type { FleetEvent } from '../../../schemas/system.ts'
import type { ApiClient } from '../client.ts'
import { type ExitCode, exitCodes } from '../io.ts'
import { followLive } from '../live.ts'
import { type Paint, printable, renderTable } from '../terminal.ts'
import type { Cli, Toolbox } from '../toolbox.ts'
import { checkedLimit } from './alerts.ts'

interface EventsOptions {
  readonly since?: string
  readonly follower?: string
  readonly type?: string
  readonly limit?: string
  readonly follow?: boolean
}

export function addEventsCommand(cli: Cli): void {
  cli.handle<[], EventsOptions>(
    cli.program
      .command('events')
      .description('the audit history, oldest first')
      .option('--since <id-or-time>', 'after this event, or after this time (RFC 3339)')
      .option('--follower <id>', 'of one follower')
      .option('--type <type>', 'of one type, like gateway.phase, or gateway.* for all that begin so')
      .option('--limit <n>', 'at most so many [100]')
      .option('-f, --follow', 'go on with what happens until Ctrl-C'),
    async (tools, _args, options) => (options.follow ? follow(tools, options) : list(tools, options)),
  )
}

async function list(tools: Toolbox, { since, follower, type, limit }: EventsOptions): Promise<ExitCode> {
  const query = { since, followerId: follower, limit: checkedLimit(limit) }
  const { body } = await tools.client().send<{ items: FleetEvent[] }>('GET', '/events', { query })
  const found = type === undefined ? body : { items: body.items.filter((event) => isOfType(event, type)) }
  tools.answer(found, () =>
    renderTable(
      ['AT', 'TYPE', 'FOLLOWER', 'BY', 'WHAT'],
      found.items.map(({ at, type, followerId, actor, message }) => [
        at,
        type,
        followerId ?? '-',
        actor ?? '-',
        message,
      ]),
      tools.paint,
    ),
  )
  return exitCodes.ok
}

/** From now on, or from `since`: everything after it first. */
async function follow(tools: Toolbox, { since, follower, type }: EventsOptions): Promise<ExitCode> {
  const client: ApiClient = tools.client()
  const query = { include: 'history', since, followerId: follower, type }
  for await (const item of followLive({ client, query, signal: tools.io.signal })) {
    if (item.kind === 'gap') tools.io.stderr.write(`not all is shown: ${printable(item.why)}\n`)
    if (item.kind === 'lost') tools.io.stderr.write(`not live: ${printable(item.why)}; trying again\n`)
    if (item.kind !== 'event') continue
    if (tools.json) tools.io.stdout.write(`${JSON.stringify(item.event)}\n`)
    else tools.say(eventLine(item.event, tools.paint))
  }
  return exitCodes.ok
}

function isOfType(event: FleetEvent, type: string): boolean {
  return type.endsWith('*') ? event.type.startsWith(type.slice(0, -1)) : event.type === type
}

function eventLine({ at, type, followerId, actor, message }: FleetEvent, paint: Paint): string {
  const by = actor === undefined || actor === 'manager' ? '' : ` (${printable(actor)})`
  const who = followerId === undefined ? '' : `${paint('bold', printable(followerId))}  `
  return `${paint('dim', at)}  ${who}${printable(message).replace(/\s+/g, ' ')}${by}  ${paint('dim', type)}`
}
