// The project's own docker-compose.yml with the demo overlay, brought up by the real Docker Compose under names and ports of a test's own.
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { parse } from 'yaml'
import { type ApiCall, apiCalls } from '../api-calls.ts'
import { freePorts } from './free-ports.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const base = ['docker-compose.yml', 'compose.demo.yml']
/** For images that stand in for those that cannot be pulled; see there. */
const standInOverlay = '.ci/services/compose.yml'

export interface Finished {
  readonly code: number
  readonly output: string
}

export interface ComposeProject {
  readonly name: string
  readonly managerId: string
  readonly network: string
  /** Base of the manager's API. */
  readonly url: string
  /** Every port on the host that the project may use. */
  readonly ports: readonly number[]
  /** Runs `docker compose …`. */
  compose(...args: string[]): Promise<Finished>
  docker(...args: string[]): Promise<Finished>
  /** A program of ours on the host, in the project's environment. */
  ibgm(...args: string[]): Promise<Finished>
  /** Asks the manager's API, below /api/v1. */
  readonly api: ApiCall
}

/** `settings`: what its user would set in `.env`. */
export async function composeProject(
  t: Test,
  settings: Readonly<Record<string, string>> = {},
): Promise<ComposeProject> {
  const name = `ibgm-compose-${randomBytes(4).toString('hex')}`
  const ports = await freePorts(6)
  const [port = 0, mongodbPort = 0, vaultPort = 0, ...gatewayPorts] = ports
  const managerId = `${name}-manager`
  const network = `${name}-gateways`
  const passedOn = Object.entries(process.env).filter(([each]) => /^(PATH|HOME|DOCKER_HOST)$/.test(each))
  const env = {
    ...Object.fromEntries(passedOn),
    PORT: String(port),
    MONGODB_PORT: String(mongodbPort),
    VAULT_PORT: String(vaultPort),
    PORT_RANGE_START: String(gatewayPorts[0]),
    PORT_RANGE_END: String(gatewayPorts.at(-1)),
    MANAGER_ID: managerId,
    CONTAINER_PREFIX: name,
    GATEWAY_NETWORK: network,
    ...settings,
  }
  const run = (command: string, args: readonly string[]): Promise<Finished> =>
    promisify(execFile)(command, args, { cwd: root, env, maxBuffer: 64 * 1024 * 1024 }).then(
      ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
      (error: { code: number; stdout: string; stderr: string }) => ({
        code: error.code,
        output: error.stdout + error.stderr,
      }),
    )
  const files = (await areStandIns(run)) ? [...base, standInOverlay] : base
  const compose = (...args: string[]) =>
    run('docker', ['compose', '--project-name', name, ...files.flatMap((file) => ['--file', file]), ...args])
  t.teardown(async () => {
    await compose('down', '--volumes', '--timeout', '20')
    const left = await run('docker', [
      'volume',
      'ls',
      '--quiet',
      '--filter',
      `label=ibgm.manager=${managerId}`,
    ])
    const volumes = left.output.split('\n').filter(Boolean)
    if (volumes.length > 0) await run('docker', ['volume', 'rm', ...volumes])
  })
  const url = `http://127.0.0.1:${port}`
  return {
    name,
    managerId,
    network,
    url,
    ports,
    compose,
    docker: (...args) => run('docker', args),
    ibgm: (...args) => run(process.execPath, [join(import.meta.dirname, '../../src/cli/main.js'), ...args]),
    api: apiCalls(`${url}/api/v1`),
  }
}

async function areStandIns(run: (command: string, args: readonly string[]) => Promise<Finished>) {
  const { output } = await run('docker', ['compose', 'config', '--format', 'json'])
  const { image } = parse(output).services.mongodb
  const label = '{{index .Config.Labels "ibgm.ci.from"}}'
  const { code, output: from } = await run('docker', ['image', 'inspect', image, '--format', label])
  return code === 0 && from.trim() !== '' && from.trim() !== '<no value>'
}
