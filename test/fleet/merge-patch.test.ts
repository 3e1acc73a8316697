// JSON merge patch: the examples of RFC 7396, appendix A, and keys that mean something to JavaScript.
import t from 'tap'
import { mergePatch } from '../../src/fleet/merge-patch.ts'

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
