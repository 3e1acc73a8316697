// `ibgm launch`, `stop`, `restart` and `reconnect`: say what is wanted, and on request watch it happen.
import { Option } from 'commander'
import type { Gateway, GatewayStatus } from '../../../schemas/gateway.ts'
import { type ApiClient, segment } from '../client.ts'
import { printFailure } from '../failure.ts'
import { phaseNote, progressLine, reasonLines, statusCell } from '../gateway-view.ts'
import { type ExitCode, exitCodes } from '../io.ts'
import { duration, printable } from '../terminal.ts'
import type { Cli, Toolbox } from '../toolbox.ts'
import { fetchGateway, waitForGateway, waitMs, waitOption } from '../wait.ts'

interface WaitOption {
  readonly wait?: string | true
}
interface Verb {
  readonly name: 'launch' | 'stop' | 'restart' | 'reconnect'
  /** The status that the verb aims at. */
  readonly goal: GatewayStatus
  readonly body?: object
}

export function addGatewayCommands(cli: Cli): void {
  cli.handle<[string[]], WaitOption>(
    cli.program
      .command('launch <ids...>')
      .description('start gateways and log them in')
      .addOption(waitOption()),
    (tools, [ids], { wait }) => forEach(tools, ids, wait, { name: 'launch', goal: 'RUNNING' }),
  )
  cli.handle<[string[]], WaitOption>(
    cli.program
      .command('stop <ids...>')
      .description('log gateways out and remove them')
      .addOption(waitOption()),
    (tools, [ids], { wait }) => forEach(tools, ids, wait, { name: 'stop', goal: 'STOPPED' }),
  )
  cli.handle<[string], WaitOption & { mode?: 'soft' | 'container' }>(
    cli.program
      .command('restart <id>')
      .description('log in again (soft, no 2FA) or with a new container and a full login')
      .addOption(new Option('--mode <mode>', 'how [soft]').choices(['soft', 'container']))
      .addOption(waitOption()),
    (tools, [id], { wait, mode }) =>
      forEach(tools, [id], wait, { name: 'restart', goal: 'RUNNING', ...(mode ? { body: { mode } } : {}) }),
  )
  cli.handle<[string], WaitOption>(
    cli.program
      .command('reconnect <id>')
      .description("drop and reopen the manager's API session; the gateway stays up")
      .addOption(waitOption()),
    (tools, [id], { wait }) => forEach(tools, [id], wait, { name: 'reconnect', goal: 'RUNNING' }),
  )
}

/** All ids at once; one that fails does not keep the others from being asked. The exit code is the worst of them. */
async function forEach(
  tools: Toolbox,
  ids: readonly string[],
  wait: string | true | undefined,
  verb: Verb,
): Promise<ExitCode> {
  const timeoutMs = wait === undefined ? undefined : waitMs(wait)
  const client = tools.client()
  const gateways: Gateway[] = []
  const outcomes = await Promise.all(
    ids.map(async (id) => {
      try {
        const { gateway, exitCode } = await carryOut(tools, client, id, verb, timeoutMs)
        gateways.push(gateway)
        return exitCode
      } catch (error) {
        return printFailure(error, tools.io, tools.json)
      }
    }),
  )
  if (tools.json && gateways.length > 0) tools.answer(ids.length === 1 ? gateways[0] : gateways, () => [])
  return Math.max(...outcomes) as ExitCode
}

async function carryOut(
  tools: Toolbox,
  client: ApiClient,
  id: string,
  verb: Verb,
  timeoutMs: number | undefined,
): Promise<{ gateway: Gateway; exitCode: ExitCode }> {
  const before = timeoutMs === undefined ? undefined : await fetchGateway(client, id)
  const answer = await client.send<Gateway>(
    'POST',
    `/gateways/${segment(id)}/${verb.name}`,
    verb.body ? { body: verb.body } : {},
  )
  if (timeoutMs === undefined || (answer.status === 200 && answer.body.status === verb.goal)) {
    tools.say(...stateLines(answer.body, tools))
    return { gateway: answer.body, exitCode: exitCodes.ok }
  }
  const { gateway, settled, elapsedMs } = await waitForGateway({
    client,
    followerId: id,
    goal: verb.goal,
    before: before?.since,
    timeoutMs,
    signal: tools.io.signal,
    onChange: (now, elapsed) => tools.say(progressLine(now, elapsed, tools.paint)),
  })
  const reached = settled && gateway.status === verb.goal
  const outcome = `${printable(id)} is ${paintStatus(gateway, tools)}`
  if (reached) tools.say(`${outcome} after ${duration(elapsedMs)}`)
  else {
    const rest = settled ? stuck(gateway) : `still ${gateway.phase} after ${duration(elapsedMs)}; it goes on`
    tools.say(`${outcome}, ${rest}`, ...reasonLines(gateway.reason).map((line) => `  ${printable(line)}`))
  }
  return { gateway, exitCode: reached ? exitCodes.ok : exitCodes.failed }
}

/** Whether a failed gateway is tried again. */
function stuck(gateway: Gateway): string {
  return phaseNote(gateway, Date.now()) ?? 'and waits for a person'
}

function stateLines(gateway: Gateway, tools: Toolbox): string[] {
  return [
    `${printable(gateway.followerId)}  ${paintStatus(gateway, tools)}  ${gateway.phase}`,
    ...(gateway.status === 'RUNNING'
      ? []
      : reasonLines(gateway.reason).map((line) => `  ${printable(line)}`)),
  ]
}

function paintStatus(gateway: Gateway, { paint }: Toolbox): string {
  const { text, colour } = statusCell(gateway)
  return colour ? paint(colour, text) : text
}
