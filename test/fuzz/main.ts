// `npm run fuzz -- --seed N --examples N`: Schemathesis against the whole product, from its own API description. Exit code 1 when an answer was not as described.
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { startServer } from '../../src/server/server.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    examples: { type: 'string', default: '30' },
  },
})
const program = [process.env.SCHEMATHESIS, join(homedir(), '.cache/ibgm/schemathesis/bin/schemathesis')].find(
  (path) => path !== undefined && existsSync(path),
)
if (!program) {
  console.error(
    'Schemathesis is not here: python3 -m venv ~/.cache/ibgm/schemathesis && ~/.cache/ibgm/schemathesis/bin/pip install schemathesis (or set SCHEMATHESIS to its path).',
  )
  process.exit(2)
}

const root = join(import.meta.dirname, '..', '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'ibgm-fuzz-'))
const token = `ibgm_${randomBytes(24).toString('base64url')}`
const errors: string[] = []
const server = await startServer({
  env: {
    RUNTIME: 'simulated',
    PORT: '0',
    DATA_DIR: join(folder, 'data'),
    API_TOKENS: `fuzz:admin:${createHash('sha256').update(token).digest('hex')}`,
    SIM_LOGIN_SECONDS: '0.05',
    IB_PACING: 'relaxed',
  },
  // Faults of ours are answered as 500 and logged as errors; some are logged alone.
  log: pino({ level: 'error' }, { write: (line: string) => void errors.push(line) }),
})
let status = 1
try {
  for (const id of ['alpha', 'beta', 'gamma']) {
    await call('POST', '/api/v1/followers', { id })
    await call('PUT', `/api/v1/followers/${id}/credentials`, { username: `user-${id}`, password: 'sim' })
  }
  console.log(`seed ${values.seed}, ${values.examples} examples for each operation`)
  status = await schemathesis(program, [
    ...['--config-file', join(root, 'test/fuzz/schemathesis.toml'), 'run', `${server.url}/openapi.json`],
    ...['--header', `Authorization: Bearer ${token}`, '--continue-on-failure'],
    ...['--max-examples', values.examples, '--seed', values.seed, '--request-timeout', '15'],
    // They go on for as long as one listens.
    ...['--exclude-path-regex', '/stream$|/logs$', '--warnings', 'off'],
  ])
  const alive = await fetch(`${server.url}/livez`)
  if (alive.status !== 200) status = 1
  const faults = errors.filter((line) => !line.includes('"alert"'))
  for (const line of faults.slice(0, 10)) console.log(line)
  if (faults.length > 0) status = 1
  console.log(`${faults.length} errors in the log`)
} finally {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = status === 0 ? 0 : 1

async function call(method: string, path: string, body: object): Promise<void> {
  const answer = await fetch(`${server.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
}

function schemathesis(command: string, args: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] })
    child.on('error', reject)
    child.on('exit', (code) => resolve(code ?? 1))
  })
}
