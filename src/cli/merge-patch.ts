// Turns `--set path=value` and `--unset path` into a JSON merge patch, with values typed as the record's schema wants them.
import type { TSchema } from 'typebox'
import { FollowerCreate, type FollowerPatch } from '../../schemas/follower.ts'
import { CliError } from './io.ts'

type Shape = TSchema & {
  type?: string
  properties?: Record<string, Shape>
  patternProperties?: Record<string, Shape>
}

/** CliError `usage` names a field that does not exist, or a value of another type. */
export function mergePatch(set: readonly string[], unset: readonly string[]): FollowerPatch {
  const patch: Record<string, unknown> = {}
  for (const assignment of set) {
    const equals = assignment.indexOf('=')
    if (equals < 1) throw new CliError('usage', `--set takes PATH=VALUE, got "${assignment}"`)
    const path = assignment.slice(0, equals)
    place(patch, path, typed(shapeAt(path), assignment.slice(equals + 1), path))
  }
  for (const path of unset) {
    shapeAt(path)
    place(patch, path, null)
  }
  return patch as FollowerPatch
}

/** The first dot parts a group from its field; a label's name may hold further ones. */
function split(path: string): [string, ...string[]] {
  const dot = path.indexOf('.')
  return dot === -1 ? [path] : [path.slice(0, dot), path.slice(dot + 1)]
}

function shapeAt(path: string): Shape {
  let shape = FollowerCreate as Shape
  for (const name of split(path)) {
    const fields: Record<string, Shape> = shape.properties ?? {}
    const next = Object.hasOwn(fields, name) ? fields[name] : Object.values(shape.patternProperties ?? {})[0]
    if (next === undefined || path === 'id') {
      const known = Object.keys(fields).filter((field) => field !== 'id')
      throw new CliError('usage', `a follower has no field "${path}" to set`, {
        ...(known.length > 0 ? { hint: `fields here: ${known.join(', ')}` } : {}),
      })
    }
    shape = next
  }
  return shape
}

function typed(shape: Shape, text: string, path: string): unknown {
  if (shape.type === 'string') return text
  try {
    return JSON.parse(text)
  } catch {
    throw new CliError('usage', `${path} takes JSON of type ${shape.type ?? 'object'}, got "${text}"`)
  }
}

function place(patch: Record<string, unknown>, path: string, value: unknown): void {
  const [group, field] = split(path)
  if (field === undefined) patch[group] = value
  else patch[group] = { ...(patch[group] as object | undefined), [field]: value }
}
