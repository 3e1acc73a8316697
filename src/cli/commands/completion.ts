// `ibgm completion`: a script for the shell, and the hidden command that it asks.
import { Argument } from 'commander'
import type { GatewayList } from '../../../schemas/gateway.ts'
import { completionScripts, type Shell, shells } from '../completion-scripts.ts'
import { completionsFor } from '../completion-words.ts'
import { exitCodes } from '../io.ts'
import { printable } from '../terminal.ts'
import type { Cli, Toolbox } from '../toolbox.ts'

/** A person who pressed Tab does not wait for a manager that is away. */
const askMs = 500

const help = `
bash   source <(ibgm completion bash)      in ~/.bashrc
zsh    source <(ibgm completion zsh)       in ~/.zshrc, after compinit
fish   ibgm completion fish | source       in ~/.config/fish/config.fish

It completes \`ibgm\`, not \`npx ibgm\`: in a clone of the repository, \`npm link\` puts ibgm on your PATH.`

export function addCompletionCommands(cli: Cli): void {
  const { program } = cli
  cli.handle<[Shell], object>(
    program
      .command('completion')
      .description('a script that completes commands, options and follower ids')
      .addArgument(new Argument('<shell>', 'your shell').choices(shells))
      .addHelpText('after', help),
    async (tools, [shell]) => {
      tools.answer({ shell, script: completionScripts[shell] }, () => [completionScripts[shell].trimEnd()])
      return exitCodes.ok
    },
  )
  cli.handle<[string[]], object>(
    program.command('__complete [words...]', { hidden: true }),
    async (tools, [words]) => {
      const { words: known, followerIds: wantsIds } = completionsFor(program, words)
      const typed = words.at(-1) ?? ''
      const ids = wantsIds ? await askForIds(tools) : []
      for (const word of [...known, ...ids.filter((id) => id.startsWith(typed))])
        tools.io.stdout.write(`${printable(word)}\n`)
      return exitCodes.ok
    },
  )
}

/** Nothing else goes to a shell, whatever a server says. */
const followerIds = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/

/** None when nobody answers in time: completion is no place for errors. */
async function askForIds(tools: Toolbox): Promise<string[]> {
  try {
    const { body } = await tools
      .client()
      .send<GatewayList>('GET', '/gateways', { query: { limit: 1000 }, timeoutMs: askMs })
    return body.items.map(({ followerId }) => followerId).filter((id) => followerIds.test(id))
  } catch {
    return []
  }
}
