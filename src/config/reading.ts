// How a table of variables is read from an environment: defaults, secrets from files, and every fault in one line each.
import type { Kind } from './values.ts'

/** `default` is text as a person would write it; without one, an absent variable is undefined. */
export interface Variable<T> {
  readonly kind: Kind<T>
  readonly default?: string
  /** What .env.example sets, where there is no default. */
  readonly example?: string
  readonly about: string
  /** Never shown; also read from the file that `<NAME>_FILE` names. */
  readonly secret?: true
}

export function withDefault<T>(
  kind: Kind<T>,
  text: string,
  about: string,
): Variable<T> & { readonly default: string } {
  return { kind, default: text, about }
}

export function optional<T>(kind: Kind<T>, about: string): Variable<T> {
  return { kind, about }
}

type KindOf<V> = V extends { kind: Kind<infer T> } ? T : never
/** What a whole table gives once nothing is wrong. */
export type ValuesOf<Table> = {
  readonly [N in keyof Table]: Table[N] extends { default: string }
    ? KindOf<Table[N]>
    : KindOf<Table[N]> | undefined
}

/** The same while something may be wrong: undefined where a value was bad, which is reported already. */
export type GivenOf<Table> = { readonly [N in keyof Table]: ValuesOf<Table>[N] | undefined }

export type Environment = Readonly<Record<string, string | undefined>>

/** One bad value. `got` never shows a secret. */
export interface ConfigFault {
  readonly variable: string
  readonly got: string
  readonly takes: string
}

export const faultLine = ({ variable, got, takes }: ConfigFault) => `${variable}: got ${got}, takes ${takes}`

/** Everything that is wrong with the environment; the message has one line per fault. */
export class ConfigError extends Error {
  override readonly name: string = 'ConfigError'
  readonly faults: readonly ConfigFault[]

  constructor(faults: readonly ConfigFault[]) {
    super(faults.map(faultLine).join('\n'))
    this.faults = faults
  }
}

/** Every variable of `table`; one with a fault is undefined. An empty variable counts as unset. */
export function readVariables<Table extends Readonly<Record<string, Variable<unknown>>>>(
  table: Table,
  env: Environment,
  readFile: (path: string) => string,
): { values: GivenOf<Table>; faults: ConfigFault[] } {
  const faults: ConfigFault[] = []
  const entries = Object.entries(table).map(([name, variable]) => [
    name,
    readVariable(name, variable, env, readFile, faults),
  ])
  return { values: Object.fromEntries(entries), faults }
}

function readVariable(
  name: string,
  { kind, secret, default: fallback }: Variable<unknown>,
  env: Environment,
  readFile: (path: string) => string,
  faults: ConfigFault[],
): unknown {
  let text = env[name]?.trim()
  const path = secret ? env[`${name}_FILE`]?.trim() : undefined
  if (text && path) {
    faults.push({ variable: name, got: `a value and ${name}_FILE`, takes: 'only one of the two' })
    return undefined
  }
  if (path) {
    try {
      text = readFile(path).trim()
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'failed'
      faults.push({ variable: `${name}_FILE`, got: `${show(path)} (${code})`, takes: 'a readable file' })
      return undefined
    }
  }
  const given = text || (path ? '' : fallback)
  if (given === undefined) return undefined
  const value = kind.parse(given)
  if (value === undefined) {
    const got = secret ? `a value of ${given.length} characters (not shown)` : show(given)
    faults.push({ variable: path ? `${name}_FILE` : name, got, takes: kind.takes })
  }
  return value
}

/** What JSON leaves as it is and a terminal obeys: controls beyond ASCII, and turns of the direction of writing. */
const invisible = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g

/** A value as a fault shows it: quoted, on one line, not endless, and no login that an address has in it. */
export function show(text: string): string {
  const shown = text.replace(/\/\/[^/\s]*@/, '//…@')
  const quoted = JSON.stringify(shown.length > 100 ? `${shown.slice(0, 100)}…` : shown)
  return quoted.replace(invisible, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

export function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) deepFreeze(part)
  return Object.freeze(value)
}
