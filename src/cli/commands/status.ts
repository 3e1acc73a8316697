// `ibgm status` and `ibgm health`: what runs, and if not, why not.
import type { Gateway, GatewayHealth, GatewayList } from '../../../schemas/gateway.ts'
import type { IbStatus } from '../../../schemas/system.ts'
import { type ApiClient, segment } from '../client.ts'
import { fetchGateway } from '../gateway-feed.ts'
import { fleetLine, gatewayTable, phaseNote, reasonLines, statusCell } from '../gateway-view.ts'
import { exitCodes } from '../io.ts'
import { dataConnectionLine } from '../market-data-view.ts'
import { age, type Colour, counted, printable, renderTable } from '../terminal.ts'
import type { Cli, Toolbox } from '../toolbox.ts'

const counters = `
RECONNECTS are sessions that took the place of a lost one, since the manager started. RESTARTS are containers after the first and soft
restarts, by the manager or asked for, since the follower was made.`

export function addStatusCommands(cli: Cli): void {
  cli.handle<[string | undefined], object>(
    cli.program
      .command('status [id]')
      .description('all gateways and the data connection, or everything about one gateway')
      .addHelpText('after', counters),
    async (tools, [id]) => {
      if (id === undefined) await showFleet(tools)
      else {
        const gateway = await fetchGateway(tools.client(), id)
        tools.answer(gateway, () => gatewayDetails(gateway, Date.now(), tools))
      }
      return exitCodes.ok
    },
  )
  cli.handle<[string], object>(
    cli.program.command('health <id>').description('layers of readiness; exit code 1 when not healthy'),
    async (tools, [id]) => {
      const { body: health } = await tools
        .client()
        .send<GatewayHealth>('GET', `/gateways/${segment(id)}/health`, { accept: [503] })
      tools.answer(health, () => healthLines(health, Date.now(), tools))
      return health.healthy ? exitCodes.ok : exitCodes.failed
    },
  )
}

async function showFleet(tools: Toolbox): Promise<void> {
  const client = tools.client()
  const list = await fetchGateways(client)
  const { dataConnection } = (await client.send<IbStatus>('GET', '/system/ib-status')).body
  tools.answer({ ...list, dataConnection }, () => [
    ...(list.items.length === 0
      ? ['no followers yet; `ibgm followers create ID` makes one']
      : [...gatewayTable(list.items, Date.now(), tools.paint), fleetLine(list.items)]),
    dataConnectionLine(dataConnection, Date.now(), tools.paint),
  ])
}

/** Every gateway, page after page. */
export async function fetchGateways(client: ApiClient): Promise<GatewayList> {
  const items: Gateway[] = []
  let cursor: string | undefined
  for (;;) {
    const { body } = await client.send<GatewayList>('GET', '/gateways', { query: { limit: 1000, cursor } })
    items.push(...body.items)
    cursor = body.nextCursor
    if (cursor === undefined) return { items, counts: body.counts }
  }
}

function gatewayDetails(gateway: Gateway, now: number, { paint }: Toolbox): string[] {
  const ago = (time: string | undefined) => (time === undefined ? undefined : `${age(time, now)} ago`)
  const status = statusCell(gateway)
  const facts: Array<[string, string | undefined, Colour?]> = [
    ['status', status.text, status.colour],
    ['phase', `${gateway.phase} for ${age(gateway.since, now)}`],
    ['', phaseNote(gateway, now), 'cyan'],
    ...reasonLines(gateway.reason).map((line, at): [string, string, Colour] => [
      at ? '' : 'reason',
      line,
      'yellow',
    ]),
    ['wanted', gateway.desired],
    [
      'connected',
      gateway.connected ? `yes, for ${gateway.connectedAt ? age(gateway.connectedAt, now) : '?'}` : 'no',
    ],
    ['accounts', gateway.accounts.join(', ') || undefined],
    ['endpoint', gateway.endpoint && `${gateway.endpoint.host}:${gateway.endpoint.port}`],
    ['client id', gateway.clientId?.toString()],
    ['server version', gateway.serverVersion?.toString()],
    [
      'heartbeat',
      gateway.heartbeatRttMs &&
        `${gateway.heartbeatRttMs.toFixed(1)} ms, ${ago(gateway.lastHeartbeatAt) ?? '?'}`,
    ],
    [
      'container',
      gateway.containerName && `${gateway.containerName} ${gateway.containerId?.slice(0, 12) ?? ''}`,
    ],
    ['image', gateway.image],
    ['started', ago(gateway.startedAt)],
    ['planned restart', gateway.plannedRestartAt && `${gateway.plannedRestartAt} (UTC)`],
    [
      'counters',
      [
        counted(gateway.restarts, 'restart'),
        counted(gateway.reconnects, 'reconnect'),
        counted(gateway.connectionFailures, 'failed connection'),
      ].join(', '),
    ],
    ...gateway.conditions
      .filter(({ status }) => status)
      .map(({ type, message }): [string, string, Colour] => [
        'condition',
        `${type}${message ? `: ${message}` : ''}`,
        'yellow',
      ]),
    [
      'drift',
      gateway.drift && !gateway.conditions.some(({ type }) => type === 'Drift')
        ? 'the record asks for other settings; `ibgm restart --mode container` applies them'
        : undefined,
    ],
  ].map((fact) => fact as [string, string | undefined, Colour?])
  return [
    paint('bold', printable(gateway.followerId)),
    ...facts.flatMap(([name, value, colour]) => {
      if (!value) return []
      const text = printable(value)
      return [`  ${name.padEnd(17)}${colour ? paint(colour, text) : text}`]
    }),
  ]
}

function healthLines(health: GatewayHealth, now: number, { paint }: Toolbox): string[] {
  const colours = { ok: 'green', failing: 'red', unknown: 'dim' } as const
  const verdict = health.healthy
    ? paint('green', 'healthy')
    : paint('red', `not healthy${health.failing ? `: ${health.failing}` : ''}`)
  return [
    `${paint('bold', printable(health.followerId))} ${health.status} ${verdict}`,
    ...renderTable(
      ['LAYER', 'STATUS', 'FOR', 'DETAIL'],
      health.layers.map((layer) => [
        layer.name,
        { text: layer.status, colour: colours[layer.status] },
        age(layer.since, now),
        layer.detail ?? '',
      ]),
      paint,
    ),
  ]
}
