// `ibgm followers …`: the records that say which gateways there are, and their credentials.
import { Option } from 'commander'
import type { Follower, FollowerPatch } from '../../../schemas/follower.ts'
import { segment } from '../client.ts'
import { addDefaultCommand } from '../default-command.ts'
import { CliError, exitCodes } from '../io.ts'
import { everyItem } from '../pages.ts'
import { printable, renderTable } from '../terminal.ts'
import type { Cli, Toolbox } from '../toolbox.ts'

// Stopping a gateway and removing its container takes as long as its logout.
const deleteTimeoutMs = 120_000

interface CreateOptions {
  name?: string
  mode?: Follower['tradingMode']
  account?: string[]
  disabled?: boolean
  set?: string[]
}

const many = (value: string, before: string[] = []) => [...before, value]
const setOption = () =>
  new Option('--set <path=value>', 'set a field, like gateway.timeZone=Europe/Berlin (repeatable)').argParser(
    many,
  )

export function addFollowerCommands(cli: Cli): void {
  const followers = cli.program.command('followers').description('the records that gateways are made from')
  cli.handle<[], object>(addDefaultCommand(followers, 'list').description('all records'), async (tools) => {
    const items = await everyItem<Follower>(tools.client(), '/followers')
    tools.answer({ items }, () => followerTable(items, tools))
    return exitCodes.ok
  })
  cli.handle<[string], object>(
    followers.command('show <id>').description('one record, with its revision'),
    async (tools, [id]) => {
      const { body } = await tools.client().send<Follower>('GET', `/followers/${segment(id)}`)
      tools.answer(body, () => [printable(JSON.stringify(body, null, 2))])
      return exitCodes.ok
    },
  )
  cli.handle<[string], CreateOptions>(
    followers
      .command('create <id>')
      .description('a new follower; enabled and ACTIVE, its gateway starts at once')
      .option('--name <text>')
      .addOption(new Option('--mode <mode>', 'trading mode [paper]').choices(['paper', 'live']))
      .option('--account <id>', 'an account that the gateway must report (repeatable)', many)
      .option('--disabled', 'make the record, start nothing')
      .addOption(setOption()),
    async (tools, [id], { name, mode, account, disabled, set }) => {
      const { mergePatch } = await import('../merge-patch.ts')
      const body = {
        id,
        ...(name === undefined ? {} : { name }),
        ...(mode === undefined ? {} : { tradingMode: mode }),
        ...(account === undefined ? {} : { accounts: account }),
        ...(disabled ? { enabled: false } : {}),
        ...mergePatch(set ?? [], []),
      }
      const answer = await tools.client().send<Follower>('POST', '/followers', { body })
      tools.answer(answer.body, () => [
        printable(`created ${answer.body.id}; next: \`ibgm followers credentials ${answer.body.id}\``),
      ])
      return exitCodes.ok
    },
  )
  cli.handle<[string], { set?: string[]; unset?: string[]; ifMatch?: string }>(
    followers
      .command('patch <id>')
      .description('change fields of a record; a running gateway takes them at its next restart')
      .addOption(setOption())
      .option('--unset <path>', 'remove a field (repeatable)', many)
      .option('--if-match <revision>', 'only if the record still has this revision'),
    async (tools, [id], { set, unset, ifMatch }) => {
      const { mergePatch } = await import('../merge-patch.ts')
      const patch: FollowerPatch = mergePatch(set ?? [], unset ?? [])
      if (Object.keys(patch).length === 0) {
        throw new CliError('usage', 'nothing to change: give --set PATH=VALUE or --unset PATH')
      }
      const headers = ifMatch === undefined ? {} : { 'if-match': `"${ifMatch.replaceAll('"', '')}"` }
      const { body } = await tools
        .client()
        .send<Follower>('PATCH', `/followers/${segment(id)}`, { body: patch, headers })
      tools.answer(body, () => [printable(`${body.id} is at revision ${body.revision}`)])
      return exitCodes.ok
    },
  )
  cli.handle<[string], object>(
    followers
      .command('delete <id>')
      .description('stop the gateway; remove its container, settings, credentials and record'),
    async (tools, [id]) => {
      await tools.client().send('DELETE', `/followers/${segment(id)}`, { timeoutMs: deleteTimeoutMs })
      tools.answer({ id, deleted: true }, () => [printable(`deleted ${id}`)])
      return exitCodes.ok
    },
  )
  cli.handle<[string], { stdin?: boolean; store?: 'embedded' }>(
    followers
      .command('credentials <id>')
      .description('put username and password; asks for them, they are never arguments')
      .option('--stdin', 'read {"username","password"} as JSON, or two lines, from stdin')
      .addOption(new Option('--store <store>', 'where to [Vault when there is one]').choices(['embedded'])),
    async (tools, [id], { stdin, store }) => {
      const { askCredentials, readCredentials } = await import('../credentials.ts')
      const path = `/followers/${segment(id)}/credentials`
      const client = tools.client()
      const body = stdin ? await readCredentials(tools.io) : await askCredentials(tools.io, id)
      await client.send('PUT', path, { body, query: { store } })
      tools.answer({ id, stored: true }, () => [printable(`stored the credentials of ${id}`)])
      return exitCodes.ok
    },
  )
}

function followerTable(followers: readonly Follower[], { paint }: Toolbox): string[] {
  if (followers.length === 0) return ['no followers yet; `ibgm followers create ID` makes one']
  return renderTable(
    ['ID', 'ENABLED', 'STATE', 'MODE', 'ACCOUNTS', 'REVISION', 'NAME'],
    followers.map(({ id, enabled, state, tradingMode, accounts, revision, name }) => [
      { text: id, colour: 'bold' },
      enabled ? 'yes' : 'no',
      state,
      { text: tradingMode, ...(tradingMode === 'live' ? { colour: 'yellow' as const } : {}) },
      accounts?.join(',') ?? '-',
      String(revision),
      name ?? '',
    ]),
    paint,
  )
}
