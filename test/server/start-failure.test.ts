// The process as it is started: what a person reads when it cannot be, its exit code, and a stop in the middle of the start.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { FleetError } from '../../src/ports/errors.ts'
import { startFailure } from '../../src/server/start-failure.ts'

const main = fileURLToPath(new URL('../../src/main.js', import.meta.url))

function start(t: Test, env: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), 'ibgm-start-'))
  const child = spawn(process.execPath, [main], {
    cwd: folder,
    env: { PATH: process.env.PATH, RUNTIME: 'simulated', PORT: '0', DATA_DIR: folder, ...env },
  })
  t.teardown(() => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  const errors: string[] = []
  child.stderr.setEncoding('utf8').on('data', (text) => errors.push(text))
  return {
    child,
    /** What it has logged so far. */
    said: () => said,
    ended: async () => {
      const [exitCode] = await once(child, 'close')
      return { exitCode, errors: errors.join('') }
    },
  }
}

const hash = 'c1d1987a719e3e8fb2426e4a53c56e08c5bf3ff62dd72bbc4c4ae400cadb81bb'

t.test('a value that cannot be: one line that names it, and exit code 2', async (t) => {
  const cases: Array<[env: Record<string, string>, line: RegExp]> = [
    [{ PORT: 'eighty' }, /^PORT: got "eighty", takes [^\n]*\n$/],
    [{ DATA_DIR: process.execPath }, /^DATA_DIR [^\n]* cannot be used: [^\n]*Set DATA_DIR to a folder\.\n$/],
    [
      { HOST: 'no.such.host.invalid', API_TOKENS: `a:admin:${hash}` },
      /^HOST: got "no\.such\.host\.invalid" \(E\w+\), takes an address of this machine\n$/,
    ],
    [
      { HOST: '192.0.2.1', API_TOKENS: `a:admin:${hash}` },
      /^HOST: got "192\.0\.2\.1" \(EADDRNOTAVAIL\), takes an address of this machine\n$/,
    ],
  ]
  await Promise.all(
    cases.map(async ([env, line]) => {
      const { exitCode, errors } = await start(t, env).ended()
      t.equal(exitCode, 2, errors)
      t.match(errors, line)
    }),
  )
})

t.test('what is no fault of a value is exit code 1', async (t) => {
  const taken = Object.assign(new Error('listen EADDRINUSE'), {
    ...{ code: 'EADDRINUSE', syscall: 'listen', address: '127.0.0.1', port: 8080 },
  })
  t.match(startFailure(taken, {}), {
    exitCode: 1,
    message: /^Another program listens on 127\.0\.0\.1:8080\. /,
  })
  const locked = new FleetError('STORE_LOCKED', 'held by another')
  t.strictSame(startFailure(locked, {}), { exitCode: 1, message: 'held by another' })
  t.match(startFailure(new Error('a bug'), {}), { exitCode: 1, message: /a bug\n +at / })
  const privileged = Object.assign(new Error('listen EACCES'), {
    ...{ code: 'EACCES', syscall: 'listen', address: '127.0.0.1', port: 80 },
  })
  t.match(startFailure(privileged, {}), { exitCode: 2, message: /^PORT: got 80 / })
})

t.test('SIGTERM in the middle of a start gives back what it has taken', async (t) => {
  // A store that does not answer holds up the start for a while.
  const { child, ended, said } = start(t, { MONGODB_URL: 'mongodb://127.0.0.1:1' })
  await new Promise<void>((resolve) => child.stdout.on('data', () => said().includes('store') && resolve()))
  child.kill('SIGTERM')
  const { exitCode, errors } = await ended()
  t.equal(exitCode, 0, errors)
  t.equal(errors, '')
})
