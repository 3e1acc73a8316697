// Which outside parts are here: a test that needs one runs, says how to run it, or fails because it was required.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { get } from 'node:http'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'

export type Part = 'docker' | 'mongo' | 'vault' | 'compose' | 'haproxy' | 'python' | 'chromium'

const howToRun: Record<Part, string> = {
  docker: 'start a Docker engine (DOCKER_HOST or /var/run/docker.sock)',
  mongo: 'set MONGODB_URL to a MongoDB server, for example that of npm run services',
  vault: 'set VAULT_ADDR (and VAULT_TOKEN) to a Vault server, for example that of npm run services',
  compose:
    'install the docker compose plugin, start a Docker engine, and get the images: docker compose --profile bot build && docker compose pull --ignore-buildable (or .ci/services/images.sh and docker build)',
  haproxy: 'install haproxy (apt-get install haproxy)',
  python:
    'python3 -m venv ~/.cache/ibgm/ib_async && ~/.cache/ibgm/ib_async/bin/pip install ib_async (or set IB_ASYNC_PYTHON)',
  chromium: 'install Chromium (apt-get install chromium), or set CHROMIUM_PATH',
}

const probes: Record<Part, () => boolean | Promise<boolean>> = {
  docker: engineAnswers,
  mongo: () => Boolean(process.env.MONGODB_URL),
  vault: () => Boolean(process.env.VAULT_ADDR),
  compose: async () => (await engineAnswers()) && (await hasComposeImages()),
  haproxy: () => succeeds('haproxy', ['-v']),
  python: async () => (await pythonWithIbAsync()) !== undefined,
  chromium: () => chromiumPath() !== undefined,
}

/**
 * True when the part is there. Otherwise the test is skipped with a word on how to run it; where `REQUIRE_INTEGRATION`
 * (comma-separated) names the part, it fails instead. `WITHOUT_INTEGRATION` skips them all. Call it first: `if (!(await gate(t, 'docker'))) return`.
 */
export async function gate(t: Test, part: Part): Promise<boolean> {
  if (process.env.WITHOUT_INTEGRATION) {
    t.plan(0, 'run without integration')
    return false
  }
  if (await probes[part]()) return true
  const required = (process.env.REQUIRE_INTEGRATION ?? '').split(',').map((name) => name.trim())
  if (required.includes(part))
    t.fail(`REQUIRE_INTEGRATION names ${part}, which is not here: ${howToRun[part]}`)
  else t.plan(0, `needs ${part}: ${howToRun[part]}`)
  return false
}

/** A Python interpreter that can import ib_async: `IB_ASYNC_PYTHON`, the `python3` on the path, or the cached one. */
export async function pythonWithIbAsync(): Promise<string | undefined> {
  const cached = join(homedir(), '.cache/ibgm/ib_async/bin/python')
  for (const python of [process.env.IB_ASYNC_PYTHON, 'python3', cached]) {
    if (python && (await succeeds(python, ['-c', 'import ib_async']))) return python
  }
  return undefined
}

/** A Chromium to drive: `CHROMIUM_PATH`, Debian's, or the `chromium` on the path. */
export function chromiumPath(): string | undefined {
  const folders = ['/usr/bin', ...(process.env.PATH ?? '').split(delimiter)]
  return [process.env.CHROMIUM_PATH, ...folders.map((folder) => join(folder, 'chromium'))].find(
    (path) => path && existsSync(path),
  )
}

function engineAnswers(): Promise<boolean> {
  const host = process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock'
  const socketPath = /^unix:\/\/(.+)/.exec(host)?.[1]
  if (socketPath && !existsSync(socketPath)) return Promise.resolve(false)
  return new Promise((resolve) => {
    const { hostname, port } = new URL(socketPath ? 'tcp://localhost' : host)
    const target = socketPath ? { socketPath } : { host: hostname, port: port || 2375 }
    const request = get({ ...target, path: '/_ping', timeout: 15_000 }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(false))
  })
}

async function hasComposeImages(): Promise<boolean> {
  const root = join(import.meta.dirname, '..', '..')
  const list = ['compose', '--profile', 'bot', 'config', '--images']
  const images = await promisify(execFile)('docker', list, { cwd: root }).then(
    // Gateways are simulated in tests.
    ({ stdout }) => stdout.split('\n').filter((image) => image !== '' && !image.includes('/ib-gateway:')),
    () => [],
  )
  return images.length > 0 && (await succeeds('docker', ['image', 'inspect', ...images]))
}

async function succeeds(command: string, args: string[]): Promise<boolean> {
  return promisify(execFile)(command, args, { timeout: 20_000 }).then(
    () => true,
    () => false,
  )
}
