// Arbitrary environments: a configuration, or a ConfigError that names each variable and shows no secret; never another error.
import fc from 'fast-check'
import t from 'tap'
import { variables } from '../src/config/variables.ts'
import { ConfigError, parseConfig } from '../src/config.ts'
import { runs } from './fuzz/runs.ts'

const names = Object.keys(variables) as Array<keyof typeof variables>
const secrets = names.filter((name) => 'secret' in variables[name])
const otherNames = ['API_TOKENS_FILE', ...secrets.map((name) => `${name}_FILE`)]
const hidden = 'hunter2Hunter2'

const value = fc.oneof(
  fc.constantFrom(
    ...[
      '',
      ' ',
      '0',
      '-1',
      '1e9',
      '99999999999999999999',
      'NaN',
      'true',
      'TRUE',
      'docker',
      'simulated',
      'mongodb',
    ],
    ...[
      '127.0.0.1',
      '0.0.0.0',
      '::1',
      'localhost',
      'a b',
      '../..',
      '/',
      '\0',
      '\ud800',
      '\u001b[2J',
      '\u202e',
    ],
    ...[
      'http://',
      'https://x',
      'http://127.0.0.1:8080/x?y#z',
      'mongodb://a:b@h/x',
      'mongodb://',
      'http://[::1',
    ],
    ...[
      '10 s',
      '3 per 24 h',
      'off',
      '5m',
      '1.5h',
      '30d',
      '172.30.0.0/22',
      '999.1.1.1/8',
      'x:admin:00',
      '%zz',
      '=,=',
    ],
    'x'.repeat(5_000),
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
)
const environment = fc
  .array(fc.tuple(fc.constantFrom(...names, ...otherNames), value), { maxLength: 12 })
  .map((entries): Record<string, string> => Object.fromEntries(entries))

/** A file that is there, one that is not, and one that says too much. */
const readFile = fc.constantFrom<(path: string) => string>(
  () => hidden,
  () => '',
  () => '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
  (path) => {
    throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' })
  },
)
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
const trick = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\ufeff]/

t.test(
  'any environment is a frozen configuration, or every fault by its name on a line of its own',
  async (t) => {
    const failures: string[] = []
    fc.assert(
      fc.property(environment, readFile, (env, read) => {
        try {
          const { config, notices } = parseConfig(env, read)
          return Object.isFrozen(config) && notices.every((notice) => !trick.test(notice))
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error
          const lines = error.message.split('\n')
          failures.push(...lines)
          return (
            lines.length === error.faults.length &&
            error.faults.every(({ variable }) => /^[A-Z][A-Z0-9_]+$/.test(variable)) &&
            lines.every((line) => line.length < 1_000 && !trick.test(line))
          )
        }
      }),
      runs(1_500),
    )
    t.ok(failures.length > 100, 'and many were faulty')
  },
)

t.test('no message shows a secret, whether it comes from the environment or from a file', async (t) => {
  const around = fc.tuple(
    fc.constantFrom('', ' ', '//', 'http://', 'mongodb://u:', ':', 'a:admin:'),
    fc.constantFrom('', '@h/x', ':admin:0', '==', '\n'),
  )
  fc.assert(
    fc.property(
      fc.subarray(secrets, { minLength: 1 }),
      around,
      fc.boolean(),
      (chosen, [before, after], inFile) => {
        const secret = `${before}${hidden}${after}`
        const env = Object.fromEntries(
          chosen.map((name) => (inFile ? [`${name}_FILE`, '/run/x'] : [name, secret])),
        )
        try {
          const { config, notices } = parseConfig(env, () => secret)
          return !JSON.stringify([config, notices]).includes(hidden)
        } catch (error) {
          return error instanceof ConfigError && !error.message.includes(hidden)
        }
      },
    ),
    runs(300),
  )
  t.ok(secrets.length > 3)
})
