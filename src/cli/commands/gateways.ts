// `ibgm launch`, `stop`, `restart` and `reconnect`: say what is wanted, and on request watch it happen.
import { Option } from 'commander'
import type { Gateway, GatewayStatus } from '../../../schemas/gateway.ts'
import { type Answer, type ApiClient, segment } from '../client.ts'
import { printFailure } from '../failure.ts'
import { GatewayFeed } from '../gateway-feed.ts'
import { phaseNote, progressLine, reasonLines, statusCell } from '../gateway-view.ts'
import { type ExitCode, exitCodes } from '../io.ts'
import { duration, printable } from '../terminal.ts'
import type { Cli, Toolbox } from '../toolbox.ts'
import { waitForGateway, waitMs, waitOption } from '../wait.ts'

interface WaitOption {
  readonly wait?: string | true
}
interface Verb {
  readonly name: 'launch' | 'stop' | 'restart' | 'reconnect'
  /** The status that the verb aims at. */
  readonly goal: GatewayStatus
  readonly body?: object
}
interface Outcome {
  readonly gateway: Gateway
  readonly exitCode: ExitCode
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
): Promise<Outcome> {
  if (timeoutMs === undefined) return told(tools, (await ask(client, id, verb)).body)
  const { signal } = tools.io
  const watch = { client, followerId: id, timeoutMs, signal }
  const feed = new GatewayFeed(watch)
  try {
    const before = await firstView(feed)
    const answer = await ask(client, id, verb)
    if (answer.status === 200 && answer.body.status === verb.goal) return told(tools, answer.body)
    const { gateway, settled, elapsedMs } = await waitForGateway({
      ...watch,
      feed,
      goal: verb.goal,
      before: before.since,
      onChange: (now, elapsed) => tools.say(progressLine(now, elapsed, tools.paint)),
    })
    const reached = settled && gateway.status === verb.goal
    tools.say(...outcomeLines(gateway, { reached, settled, elapsedMs }, tools))
    return { gateway, exitCode: reached ? exitCodes.ok : exitCodes.failed }
  } finally {
    feed.close()
  }
}

function ask(client: ApiClient, id: string, verb: Verb): Promise<Answer<Gateway>> {
  const path = `/gateways/${segment(id)}/${verb.name}`
  return client.send<Gateway>('POST', path, verb.body ? { body: verb.body } : {})
}

async function firstView(feed: GatewayFeed): Promise<Gateway> {
  for (;;) {
    const news = await feed.next(Number.POSITIVE_INFINITY)
    if (news.kind === 'gateway') return news.gateway
  }
}

function told(tools: Toolbox, gateway: Gateway): Outcome {
  tools.say(...stateLines(gateway, tools))
  return { gateway, exitCode: exitCodes.ok }
}

function outcomeLines(
  gateway: Gateway,
  { reached, settled, elapsedMs }: { reached: boolean; settled: boolean; elapsedMs: number },
  tools: Toolbox,
): string[] {
  const outcome = `${printable(gateway.followerId)} is ${paintStatus(gateway, tools)}`
  if (reached) return [`${outcome} after ${duration(elapsedMs)}`]
  const rest = settled ? stuck(gateway) : `still ${gateway.phase} after ${duration(elapsedMs)}; it goes on`
  const note = settled ? undefined : phaseNote(gateway, Date.now())
  return [
    `${outcome}, ${rest}${note ? `: ${printable(note)}` : ''}`,
    ...reasonLines(gateway.reason).map((line) => `  ${printable(line)}`),
  ]
}

/** Why it is not where it was to be, and whether it is tried again. */
function stuck(gateway: Gateway): string {
  if (gateway.status === 'STOPPED') return 'somebody has stopped it'
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
