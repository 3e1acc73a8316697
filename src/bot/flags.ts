// The bot's command line: four flags that win over variables, and help. Pure.
import { type ConfigFault, show } from '../config/reading.ts'

/** Which variable a flag stands for. */
const flags: ReadonlyMap<string, string> = new Map([
  ['--gateway-host', 'GATEWAY_HOST'],
  ['--gateway-port', 'GATEWAY_PORT'],
  ['--gameplan-path', 'GAMEPLAN_PATH'],
  ['--dry-run', 'DRY_RUN'],
])

export const helpText = `Usage: npm run bot -- [flags]

A trading bot that trades through a validated gateway only. Its variables are in .env.example; these win over them:

  --gateway-host HOST        GATEWAY_HOST
  --gateway-port PORT        GATEWAY_PORT
  --gameplan-path FILE       GAMEPLAN_PATH
  --dry-run [true|false]     DRY_RUN; alone it means true
  --help                     this text

Exit codes: 0 ended as asked, 1 a bad configuration, or a gateway that could not be validated.
`

/** Variables that the flags name, the flag that each came from, and what is no flag. An empty value counts as not given. */
export function readFlags(argv: readonly string[]): {
  values: Record<string, string>
  flagOf: Record<string, string>
  faults: ConfigFault[]
} {
  const values: Record<string, string> = {}
  const flagOf: Record<string, string> = {}
  const faults: ConfigFault[] = []
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? ''
    const [, flag = word, inline] = /^(--[^=]+)=(.*)$/s.exec(word) ?? []
    const variable = flags.get(flag)
    if (variable === undefined) {
      faults.push({
        variable: 'command line',
        got: show(word),
        takes: `${[...flags.keys()].join(', ')}, --help`,
      })
      continue
    }
    const next = argv[at + 1]
    const given = inline ?? (next === undefined || next.startsWith('--') ? undefined : next)
    if (inline === undefined && given !== undefined) at += 1
    const value = given ?? (flag === '--dry-run' ? 'true' : undefined)
    if (value === undefined) faults.push({ variable: flag, got: 'nothing', takes: 'a value after it' })
    else if (value.trim() !== '') {
      values[variable] = value
      flagOf[variable] = flag
    }
  }
  return { values, flagOf, faults }
}
