// `ibgm alerts`: what needs somebody.
import type { Alert, AlertLevel } from '../../../schemas/alert.ts'
import { segment } from '../client.ts'
import { addDefaultCommand } from '../default-command.ts'
import { CliError, exitCodes } from '../io.ts'
import { openAlerts } from '../open-alerts.ts'
import { age, type Colour, type Paint, printable, type Row, renderTable } from '../terminal.ts'
import type { Cli } from '../toolbox.ts'

/** As the API's own. */
const defaultLimit = 100
const colours: Readonly<Record<AlertLevel, Colour>> = {
  INFO: 'green',
  WARNING: 'yellow',
  ERROR: 'red',
  CRITICAL: 'red',
}

export function addAlertCommands(cli: Cli): void {
  const alerts = cli.program.command('alerts').description('open and recent alerts')
  cli.handle<[], { limit?: string; open?: true; follower?: string }>(
    addDefaultCommand(alerts, 'list')
      .description('open and recent alerts, newest first')
      .option('--open', 'only those that are not resolved, acknowledged or not')
      .option('--follower <id>', 'about one follower')
      .option('--limit <n>', 'at most so many [100]'),
    async (tools, _args, { limit, open, follower }) => {
      const query = { open, followerId: follower, limit: checkedLimit(limit) }
      const { body } = await tools.client().send<{ items: Alert[] }>('GET', '/alerts', { query })
      tools.answer(body, () =>
        body.items.length === 0
          ? [open ? 'no open alerts' : 'no alerts']
          : [...alertTable(body.items, Date.now(), tools.paint), ...openLine(body.items, limit)],
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

/** Nothing when the list may have been cut: what is not in it would not be counted. */
function openLine(alerts: readonly Alert[], limit = String(defaultLimit)): string[] {
  return alerts.length < Number(limit) ? [openAlerts(alerts) ?? 'none is open'] : []
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
      raised(alert, now),
      state(alert),
      alert.title,
    ],
    { note: alert.message },
    ...(alert.resolvedAt ? [] : helpRows(alert)),
  ])
  return renderTable(['ID', 'LEVEL', 'CODE', 'FOLLOWER', 'RAISED', 'STATE', 'TITLE'], rows, paint)
}

/** When it began, and how often and when last it was raised again. */
function raised({ raisedAt, lastRaisedAt, count }: Alert, now: number): string {
  const again = count > 1 ? `, ${count} times, last ${age(lastRaisedAt, now)} ago` : ''
  return `${age(raisedAt, now)} ago${again}`
}

/** Open until it is resolved; somebody who acknowledges it looks at it, and no more. */
function state({ resolvedAt, acknowledgedAt, acknowledgedBy }: Alert): string {
  if (resolvedAt) return 'resolved'
  return acknowledgedAt ? `open, acknowledged by ${acknowledgedBy ?? '?'}` : 'open'
}

/** What to do, and where it is told step by step. */
function helpRows({ action, runbook }: Alert): Row[] {
  return [
    ...(action ? [{ note: `what to do: ${action}`, colour: 'yellow' } as const] : []),
    ...(runbook ? [{ note: `step by step: ${runbook}`, colour: 'dim' } as const] : []),
  ]
}
