// The commands of `ibgm`, what they share, and how their failures end. Each command loads what it needs when it runs.
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { addAlertCommands } from './commands/alerts.ts'
import { addBarsCommand } from './commands/bars.ts'
import { addCompletionCommands } from './commands/completion.ts'
import { addConfigCommand } from './commands/config.ts'
import { addEventsCommand } from './commands/events.ts'
import { addFaultCommand } from './commands/fault.ts'
import { addFollowerCommands } from './commands/followers.ts'
import { addGapCommands } from './commands/gaps.ts'
import { addGatewayCommands } from './commands/gateways.ts'
import { addLogsCommand } from './commands/logs.ts'
import { addSeriesCommands } from './commands/series.ts'
import { addServerlessCommands } from './commands/serverless.ts'
import { addStatusCommands } from './commands/status.ts'
import { addTimelineCommand } from './commands/timeline.ts'
import { addWatchCommand } from './commands/watch.ts'
import { printFailure } from './failure.ts'
import { type ExitCode, exitCodes, type Io } from './io.ts'
import { type Cli, createToolbox, type GlobalOptions, type Handler } from './toolbox.ts'

const about = 'Runs a fleet of Interactive Brokers gateways: a client of the manager, and tools without one.'
const footer = `
Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 not reachable.`

/** Runs one command line (without `node` and the script) and resolves to its exit code; never rejects, never exits the process. */
export async function run(argv: readonly string[], io: Io): Promise<ExitCode> {
  let outcome: ExitCode = exitCodes.ok
  const program = createProgram(io, (code) => {
    outcome = code
  })
  try {
    await program.parseAsync(separateWait(argv), { from: 'user' })
    return outcome
  } catch (error) {
    // Commander has printed its own words; its exit code 0 is --help and --version.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    return printFailure(error, io, argv.includes('--json'))
  }
}

function createProgram(io: Io, settle: (code: ExitCode) => void): Command {
  const program = new Command('ibgm')
    .description(about)
    .version(version(), '-V, --version')
    .option('--url <url>', 'the manager [IBGM_URL, the config file, http://127.0.0.1:8080]')
    .option('--token <token>', 'API token; IBGM_TOKEN or a file keeps it out of the process list')
    .option('--json', 'print JSON instead of text')
    .addHelpText('after', footer)
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(add --help for more)')
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns || 80,
      getErrHelpWidth: () => io.stderr.columns || 80,
    })
    .exitOverride()
  const cli: Cli = {
    program,
    handle<Args extends readonly unknown[], Options extends object>(
      command: Command,
      handler: Handler<Args, Options>,
    ) {
      command.action(async () => {
        const tools = createToolbox(io, command.optsWithGlobals<GlobalOptions>())
        settle(await handler(tools, command.processedArgs as unknown as Args, command.opts<Options>()))
      })
    },
  }
  addStatusCommands(cli)
  addWatchCommand(cli)
  addGatewayCommands(cli)
  addLogsCommand(cli)
  addFollowerCommands(cli)
  addAlertCommands(cli)
  addEventsCommand(cli)
  addTimelineCommand(cli)
  addSeriesCommands(cli)
  addGapCommands(cli)
  addBarsCommand(cli)
  addFaultCommand(cli)
  addServerlessCommands(cli)
  addConfigCommand(cli)
  addCompletionCommands(cli)
  return program
}

/** `--wait` takes an optional time, so `launch --wait alpha` would read the id as one: only what starts like a number is a time. */
function separateWait(argv: readonly string[]): string[] {
  // What is only being typed stays as it is.
  if (argv[0] === '__complete') return [...argv]
  return argv.map((word, at) => (word === '--wait' && !/^\d/.test(argv[at + 1] ?? '0') ? '--wait=' : word))
}

function version(): string {
  // Up from src/cli or dist/src/cli, whichever runs.
  for (const up of ['../../package.json', '../../../package.json']) {
    try {
      return String(JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')).version)
    } catch {}
  }
  return 'unknown'
}
