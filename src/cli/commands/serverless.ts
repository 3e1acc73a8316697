// The commands that need no manager: each says here what it takes, and loads the rest when it runs.
import { Option } from 'commander'
import { roles } from '../../doors/tokens.ts'
import type { Cli } from '../toolbox.ts'
import { faultHelp } from './fault.ts'

export interface SimulatorOptions {
  readonly host?: string
  readonly port?: string
  readonly user: string
  readonly mode: 'paper' | 'live'
  readonly loginSeconds?: string
  readonly twofaSeconds?: string
  readonly restartSeconds?: string
}
export interface CheckOptions {
  readonly clientId: string
  readonly symbol?: string
  readonly timeout: string
}
export interface ForwardOptions {
  readonly interface?: string
  readonly allow?: readonly string[]
}
export interface CleanupOptions {
  readonly volumes?: boolean
  readonly manager?: string
  readonly yes?: boolean
}

export interface TokenOptions {
  readonly name: string
  readonly role: string
  readonly file?: string
}

export function addServerlessCommands(cli: Cli): void {
  cli.handle<[], SimulatorOptions>(
    cli.program
      .command('simulator')
      .description('one simulated gateway on a port; faults are lines on stdin')
      .option('--host <host>', 'listen here [127.0.0.1]')
      .option('--port <port>', 'listen on this port, 0 for any [4002]')
      .option(
        '--user <name>',
        'user name; its end picks a scenario: -2fa -badpass -taken -slow -oddpass',
        'sim-user',
      )
      .addOption(new Option('--mode <mode>', 'trading mode').choices(['paper', 'live']).default('paper'))
      .option('--login-seconds <s>', 'how long a login takes [SIM_LOGIN_SECONDS, else 1]')
      .option('--twofa-seconds <s>', 'how long a push waits to be approved [SIM_TWOFA_SECONDS, else 180]')
      .option('--restart-seconds <s>', 'how long a restart takes [SIM_RESTART_SECONDS, else 10]')
      .addHelpText('after', `\nThe password is SIM_PASSWORD, else "sim".\n${faultHelp}`),
    async (tools, _args, options) => (await import('../serverless/simulator.ts')).simulate(tools, options),
  )
  cli.handle<[string, string], CheckOptions>(
    cli.program
      .command('check <host> <port>')
      .description('does an IB API answer there? handshake, accounts, one market-data request')
      .option('--client-id <n>', 'API client id', '999')
      .option('--symbol <symbol>', 'ask for this US stock instead of EUR.USD')
      .option('--timeout <seconds>', 'for each step', '10'),
    async (tools, [host, port], options) =>
      (await import('../serverless/check.ts')).check(tools, host, port, options),
  )
  cli.handle<[string, string], ForwardOptions>(
    cli.program
      .command('forward <listen> <target>')
      .description(
        'pass TCP connections on, so that containers reach a gateway that listens on loopback only',
      )
      .option('--interface <name>', 'listen on the addresses of this interface, like docker0 [loopback]')
      .option(
        '--allow <cidr>',
        'who may come in, like 172.17.0.0/16; may be repeated [the networks of what is listened on]',
        (cidr: string, before: readonly string[] = []) => [...before, cidr],
      )
      .addHelpText(
        'after',
        `
LISTEN is a port (4003) or address:port, TARGET too: ibgm forward 4003 127.0.0.1:4002 --interface docker0
A gateway's API has no password: 0.0.0.0 and :: are refused. It runs until Ctrl-C.`,
      ),
    async (tools, [listen, target], options) =>
      (await import('../serverless/forward.ts')).forward(tools, listen, target, options),
  )
  cli.handle<[string[]], object>(
    cli.program
      .command('bot')
      .description('the trading bot; its flags and variables: ibgm bot --help')
      .argument('[flags...]')
      .allowUnknownOption()
      .helpOption(false),
    async (tools, [flags]) => (await import('../serverless/bot.ts')).runBot(tools, flags),
  )
  cli.handle<[string], object>(
    cli.program
      .command('explain-log <file>')
      .description("what a gateway's log says: phase, reason, and what to do; - reads stdin"),
    async (tools, [file]) => (await import('../serverless/explain-log.ts')).explain(tools, file),
  )
  cli.handle<[], CleanupOptions>(
    cli.program
      .command('cleanup')
      .description("remove a manager's containers and its empty network; lists them first")
      .option('--volumes', 'the settings volumes too: each login starts anew, with its 2FA')
      .option('--manager <id>', "whose [the store's in DATA_DIR]")
      .option('-y, --yes', 'do not ask'),
    async (tools, _args, options) => (await import('../serverless/cleanup.ts')).cleanup(tools, options),
  )
  const store = cli.program.command('store').description("the manager's records, while it is stopped")
  cli.handle<[string, string], object>(
    store
      .command('copy <from> <to>')
      .description('copy all records from one store to another; again is as good as once')
      .addHelpText(
        'after',
        `
FROM and TO: embedded (the store in DATA_DIR), mongodb (MONGODB_URL and MONGODB_DB), a folder with an embedded
store, or a mongodb:// URL without a password. Fields of follower documents that are not the manager's stay behind.
Sealed credentials are copied as they are: they need the same CREDENTIALS_KEY, or credentials.key in DATA_DIR.`,
      ),
    async (tools, [from, to]) => (await import('../serverless/store-copy.ts')).copyStore(tools, from, to),
  )
  cli.handle<[], TokenOptions>(
    cli.program
      .command('token')
      .description('API tokens')
      .command('create')
      .description('make an API token; it is shown once, only its hash is kept')
      .requiredOption('--name <name>', 'whose it is; the actor in the audit history')
      .addOption(new Option('--role <role>', 'what it may do').choices(roles).makeOptionMandatory())
      .option('--file <file>', 'append its line to this file, for API_TOKENS_FILE'),
    async (tools, _args, options) => (await import('../serverless/token.ts')).createToken(tools, options),
  )
  cli.handle<[], object>(
    cli.program.command('openapi').description("the API's description, as YAML"),
    async (tools) => (await import('../serverless/openapi.ts')).printOpenapi(tools),
  )
}
