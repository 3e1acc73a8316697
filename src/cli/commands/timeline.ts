// `ibgm timeline`: what phases a gateway went through, how long each took, and what was down when.
import type { GatewayTimeline } from '../../../schemas/gateway-timeline.ts'
import { segment } from '../client.ts'
import { statusCell } from '../gateway-view.ts'
import { CliError, exitCodes } from '../io.ts'
import { counted, duration, type Paint, printable, renderTable } from '../terminal.ts'
import type { Cli } from '../toolbox.ts'

const whatCounts = `
An outage is a time that the gateway was wanted and not RUNNING, restarts that were asked for among them: it is counted once, whatever
phases it had. \`ibgm status\` counts restarts.`

export function addTimelineCommand(cli: Cli): void {
  cli.handle<[string], { hours?: string }>(
    cli.program
      .command('timeline <id>')
      .description("a gateway's phases of the last hours, and its outages")
      .option('--hours <n>', 'so far back, at most 168 [24]')
      .addHelpText('after', whatCounts),
    async (tools, [id], { hours }) => {
      if (hours !== undefined && !(Number(hours) > 0 && Number(hours) <= 168))
        throw new CliError('usage', `--hours takes a number above 0, at most 168; got "${hours}"`)
      const path = `/gateways/${segment(id)}/timeline`
      const { body } = await tools.client().send<GatewayTimeline>('GET', path, { query: { hours } })
      tools.answer(body, () => timelineLines(body, tools.paint))
      return exitCodes.ok
    },
  )
}

function timelineLines(timeline: GatewayTimeline, paint: Paint): string[] {
  const { followerId, spans, outages, outageSeconds, from, to } = timeline
  if (spans.length === 0) return [`nothing is known of ${printable(followerId)} since ${from}`]
  const rows = spans.map(({ phase, status, from: begun, to: ended, reason }) => [
    begun,
    duration(Date.parse(ended ?? to) - Date.parse(begun)),
    { ...statusCell({ status, phase }), text: phase },
    reason ?? '',
  ])
  const down =
    outages === 0 ? 'no outage' : `${counted(outages, 'outage')}, ${duration(outageSeconds * 1000)} in all`
  return [...renderTable(['FROM (UTC)', 'FOR', 'PHASE', 'REASON'], rows, paint), down]
}
