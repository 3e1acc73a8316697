// The command of a group that runs when none is named, like `list` of `alerts`: its options are options of the group.
import type { Command, Help } from 'commander'

/** Commander does not tell which one it is. */
const defaults = new WeakMap<Command, Command>()

/** Adds a command that may be left out; the help of `group` shows its options. */
export function addDefaultCommand(group: Command, name: string): Command {
  const command = group.command(name, { isDefault: true })
  defaults.set(group, command)
  group.addHelpText('after', () => optionsHelp(group, command))
  return command
}

/** What runs when no command of `group` is named. */
export function defaultCommandOf(group: Command): Command | undefined {
  return defaults.get(group)
}

/** Nothing for a command without options of its own. */
function optionsHelp(group: Command, command: Command): string {
  const help: Help = group.createHelp()
  const helpWidth = group.configureOutput().getOutHelpWidth?.()
  help.prepareContext(helpWidth === undefined ? {} : { helpWidth })
  const termWidth = Math.max(help.padWidth(group, help), help.longestOptionTermLength(command, help))
  const items = command.options
    .filter(({ hidden }) => !hidden)
    .map((each) => help.formatItem(help.optionTerm(each), termWidth, help.optionDescription(each), help))
  const heading = `\nOptions of ${command.name()}, which is meant when no command is named:`
  return items.length === 0 ? '' : [heading, ...items].join('\n')
}
