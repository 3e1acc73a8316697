// `ibgm alerts`: what needs somebody.
import type { Alert, AlertLevel } from '../../../schemas/system.ts'
import { segment } from '../client.ts'
import { CliError, exitCodes } from '../io.ts'
import { age, type Colour, type Paint, printable, type Row, renderTable } from '../terminal.ts'
import type { Cli } from '../toolbox.ts'

const colours: Readonly<Record<AlertLevel, Colour>> = {
  INFO: 'green',
  WARNING: 'yellow',
  ERROR: 'red',
  CRITICAL: 'red',
}

export function addAlertCommands(cli: Cli): void {
  const alerts = cli.program.command('alerts').description('open and recent alerts')
  cli.handle<[], { limit?: string }>(
    alerts
      .command('list', { isDefault: true })
      .description('open and recent alerts, newest first')
      .option('--limit <n>', 'at most so many [100]'),
    async (tools, _args, { limit }) => {
      const { body } = await tools
        .client()
        .send<{ items: Alert[] }>('GET', '/alerts', { query: { limit: checkedLimit(limit) } })
      tools.answer(body, () =>
        body.items.length === 0 ? ['no alerts'] : alertTable(body.items, Date.now(), tools.paint),
      )
      return exitCodes.ok
    },
  )
  cli.handle<[string], object>(
    alerts.command('ack <id>').description('acknowledge: somebody is looking at it'),
    async (tools, [id]) => {
      const { body } = await tools.client().send<Alert>('POST', `/alerts/${segment(id)}/acknowledge`)
      tools.answer(body, () => [printable(`acknowledged: ${body.title}`)])
      return exitCodes.ok
    },
  )
}

/** CliError `usage` unless it is a limit that the API takes. */
export function checkedLimit(limit: string | undefined): string | undefined {
  if (limit === undefined || /^[1-9]\d{0,2}$|^1000$/.test(limit)) return limit
  throw new CliError('usage', `--limit takes a number from 1 to 1000, got "${limit}"`)
}

function alertTable(alerts: readonly Alert[], now: number, paint: Paint): string[] {
  const rows = alerts.flatMap((alert): Row[] => [
    [
      alert.id,
      { text: alert.level, colour: colours[alert.level] },
      alert.code,
      alert.followerId ?? '-',
      `${age(alert.lastRaisedAt, now)} ago${alert.count > 1 ? `, ${alert.count} times` : ''}`,
      alert.resolvedAt
        ? 'resolved'
        : alert.acknowledgedAt
          ? `acknowledged by ${alert.acknowledgedBy ?? '?'}`
          : 'open',
      alert.title,
    ],
    { note: alert.message },
    ...(alert.action && !alert.resolvedAt
      ? [{ note: `what to do: ${alert.action}`, colour: 'yellow' } as const]
      : []),
  ])
  return renderTable(['ID', 'LEVEL', 'CODE', 'FOLLOWER', 'RAISED', 'STATE', 'TITLE'], rows, paint)
}
