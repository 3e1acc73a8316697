// JSON merge patch: the examples of RFC 7396, appendix A, and keys that mean something to JavaScript.
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { mergePatch } from '../../../src/fleet/records/merge-patch.ts'
import { runs } from '../../fuzz/runs.ts'

const rows: Array<[target: string, patch: string, result: string]> = [
  ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
  ['{"a":"b"}', '{"a":null}', '{}'],
  ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
  ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
  ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
  ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
  ['["a","b"]', '["c","d"]', '["c","d"]'],
  ['{"a":"b"}', '["c"]', '["c"]'],
  ['{"a":"foo"}', 'null', 'null'],
  ['{"a":"foo"}', '"bar"', '"bar"'],
  ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
  ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
  ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
  ['{}', '{"toString":{"a":1},"constructor":{"b":1}}', '{"toString":{"a":1},"constructor":{"b":1}}'],
  ['{}', '{"__proto__":{"polluted":1}}', '{"__proto__":{"polluted":1}}'],
  ['{"__proto__":{"a":1}}', '{"__proto__":null}', '{}'],
]
for (const [target, patch, result] of rows)
  t.test(`${target} with ${patch}`, async (t) => {
    const before = JSON.parse(target)
    t.equal(JSON.stringify(mergePatch(before, JSON.parse(patch))), result)
    t.equal(JSON.stringify(before), target, 'the target stays as it was')
    t.notOk('polluted' in {}, 'nor does every other object')
  })

t.test('any patch: twice is once, no null is left of it, and what it does not name stays', async () => {
  const key = fc.oneof(
    fc.constantFrom('a', 'b', '__proto__', 'constructor', 'toString'),
    fc.string({ maxLength: 3 }),
  )
  const json = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(null, true, 0, 'x', []),
      fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
    ),
  })).value
  fc.assert(
    fc.property(json, json, (target, patch) => {
      const before = JSON.stringify(target)
      const once = mergePatch(target, patch)
      const twice = mergePatch(once, patch)
      const kept =
        isRecord(target) && isRecord(patch)
          ? Object.keys(target).filter((name) => !Object.hasOwn(patch, name))
          : []
      return (
        JSON.stringify(target) === before &&
        isDeepStrictEqual(once, twice) &&
        kept.every((name) => isDeepStrictEqual((once as Json)[name], (target as Json)[name])) &&
        (!isRecord(patch) ||
          Object.keys(patch).every((name) => patch[name] !== null || !Object.hasOwn(once as Json, name)))
      )
    }),
    runs(500),
  )
})

type Json = Record<string, unknown>
const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
