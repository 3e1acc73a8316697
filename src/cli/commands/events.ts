// `ibgm events`: what happened and who asked for it; with -f as it happens.
import type { FleetEvent } from '../../../schemas/event.ts'
import type { ApiClient, Query } from '../client.ts'
import { type ExitCode, exitCodes } from '../io.ts'
import { followLive } from '../live.ts'
import { sincePlace } from '../since.ts'
import { type Paint, printable, renderTable } from '../terminal.ts'
import type { Cli, Toolbox } from '../toolbox.ts'
import { checkedLimit } from './alerts.ts'

/** As the API's own. */
const defaultLimit = 100
const pageSize = 1_000

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
      .option('--since <place>', 'what came after: an age (5m, 2h, 1d), a time (RFC 3339), or an event id')
      .option('--follower <id>', 'of one follower')
      .option('--type <type>', 'of one type, like gateway.phase, or gateway.* for all that begin so')
      .option('--limit <n>', 'at most so many [100]')
      .option('-f, --follow', 'go on with what happens until Ctrl-C'),
    async (tools, _args, given) => {
      const { since } = given
      const options = since === undefined ? given : { ...given, since: sincePlace(since, Date.now()) }
      return options.follow ? follow(tools, options) : list(tools, options)
    },
  )
}

interface EventPage {
  readonly items: readonly FleetEvent[]
  /** The `since` of the next page. */
  readonly nextCursor?: string
}

async function list(tools: Toolbox, { since, follower, type, limit }: EventsOptions): Promise<ExitCode> {
  const client = tools.client()
  const query = { since, followerId: follower, limit: checkedLimit(limit) }
  const found = type === undefined ? await page(client, query) : await ofType(client, query, type)
  tools.answer(found, () =>
    renderTable(
      ['AT (UTC)', 'TYPE', 'FOLLOWER', 'BY', 'WHAT'],
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

async function page(client: ApiClient, query: Query): Promise<EventPage> {
  return (await client.send<EventPage>('GET', '/events', { query })).body
}

/** The API's pages are of all types: read on until there are enough of this one. */
async function ofType(client: ApiClient, query: Query, type: string): Promise<EventPage> {
  const wanted = Number(query.limit ?? defaultLimit)
  const items: FleetEvent[] = []
  let since = query.since
  do {
    const next = await page(client, { ...query, since, limit: pageSize })
    for (const event of next.items) {
      if (!isOfType(event, type)) continue
      items.push(event)
      if (items.length === wanted) return { items, nextCursor: event.id }
    }
    since = next.nextCursor
  } while (since !== undefined)
  return { items }
}

function isOfType(event: FleetEvent, type: string): boolean {
  return type.endsWith('*') ? event.type.startsWith(type.slice(0, -1)) : event.type === type
}

function eventLine({ at, type, followerId, actor, message }: FleetEvent, paint: Paint): string {
  const by = actor === undefined || actor === 'manager' ? '' : ` (${printable(actor)})`
  const who = followerId === undefined ? '' : `${paint('bold', printable(followerId))}  `
  return `${paint('dim', at)}  ${who}${printable(message).replace(/\s+/g, ' ')}${by}  ${paint('dim', type)}`
}
