// What may come next on a command line: commands, options and their choices from the program itself, follower ids from the manager.
import type { Command, Option } from 'commander'
import { defaultCommandOf } from './default-command.ts'

export interface Completions {
  /** Candidates that are known without asking anybody. */
  readonly words: readonly string[]
  /** An id of a follower may stand here. */
  readonly followerIds: boolean
}

const none: Completions = { words: [], followerIds: false }
/** Arguments and options that take a follower's id. */
const idArguments: ReadonlySet<string> = new Set(['id', 'ids'])
const idOptions: ReadonlySet<string> = new Set(['--follower'])
/** Commands whose `<id>` is something else's. */
const otherIds: ReadonlySet<string> = new Set(['ack'])

/** `words` are those after `ibgm`; the last one is being typed, and may be empty. */
export function completionsFor(program: Command, words: readonly string[]): Completions {
  const typed = words.at(-1) ?? ''
  let command = program
  let placed = 0
  let pending: Option | undefined
  for (const word of words.slice(0, -1)) {
    if (pending) pending = undefined
    else if (word.startsWith('-')) {
      command = ownerOf(command, word)
      pending = takesValue(command, word)
    } else {
      const next = placed === 0 ? subcommand(command, word) : undefined
      if (next) command = next
      else placed++
    }
  }
  if (pending) return startingWith(typed, pending.argChoices ?? [], idOptions.has(pending.long ?? ''))
  if (typed.startsWith('-')) {
    const unnamed = placed === 0 ? defaultCommandOf(command) : undefined
    const options = [...chain(unnamed ?? command)].flatMap(({ options }) => options)
    const long = options.filter(({ hidden }) => !hidden).flatMap(({ long }) => long ?? [])
    return startingWith(typed, [...long, '--help'], false)
  }
  const names = placed === 0 ? command.commands.map((each) => each.name()) : []
  const args = command.registeredArguments
  const argument = args[Math.min(placed, args.length - 1)]
  const fits = argument !== undefined && (placed < args.length || argument.variadic)
  if (!fits) return startingWith(typed, names.filter(isShown), false)
  const isId = idArguments.has(argument.name()) && !otherIds.has(command.name())
  return startingWith(typed, [...names.filter(isShown), ...(argument.argChoices ?? [])], isId)
}

const isShown = (name: string) => !name.startsWith('__')

function startingWith(typed: string, words: readonly string[], followerIds: boolean): Completions {
  const found = [...new Set(words)].filter((word) => word.startsWith(typed))
  return found.length > 0 || followerIds ? { words: found, followerIds } : none
}

function subcommand(command: Command, word: string): Command | undefined {
  return command.commands.find((each) => each.name() === word || each.aliases().includes(word))
}

/** The command, or the one that it stands for where only that one has such an option. */
function ownerOf(command: Command, word: string): Command {
  const unnamed = defaultCommandOf(command)
  const isTheirs = unnamed?.options.some(({ long, short }) => word === long || word === short)
  return unnamed && isTheirs ? unnamed : command
}

/** The option of this word, where its value is the next word. */
function takesValue(command: Command, word: string): Option | undefined {
  for (const each of chain(command)) {
    const option = each.options.find(({ long, short }) => word === long || word === short)
    if (option) return option.required ? option : undefined
  }
  return undefined
}

/** The command and those above it, whose options count too. */
function* chain(command: Command): Generator<Command> {
  for (let each: Command | null = command; each; each = each.parent) yield each
}
