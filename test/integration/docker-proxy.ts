// The Docker proxy of docker-compose.yml in front of the real engine, as its container runs it: root without a single capability.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import { engineAddress } from '../../src/adapters/docker/engine.ts'
import { until } from '../fleet/world.ts'

const folder = join(import.meta.dirname, '..', '..', '..', 'deploy', 'docker-proxy')
const withoutCapabilities = ['--bounding-set=-all', '--inh-caps=-all', '--no-new-privs', 'haproxy']

export interface DockerProxy {
  /** For DOCKER_HOST. */
  readonly dockerHost: string
  /** Status and text of the answer to one request, sent as it is given. */
  ask(
    method: string,
    path: string,
    body?: string,
    headers?: Record<string, string>,
  ): Promise<{ status: number; text: string }>
  /** What it has logged. */
  readonly output: string
}

/** Needs the engine behind a socket, and root. */
export async function dockerProxy(t: Test, network: string): Promise<DockerProxy> {
  const engine = engineAddress(process.env.DOCKER_HOST)
  if (!('socketPath' in engine)) throw new Error('the Docker proxy wants an engine behind a socket')
  // Not in the test's folder: a socket's path may have 107 characters.
  const socketPath = `/tmp/${network}.sock`
  const child = spawn('setpriv', [...withoutCapabilities, '-W', '-db', '-f', join(folder, 'haproxy.cfg')], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      PROXY_SOCKET: socketPath,
      ENGINE_SOCKET: engine.socketPath,
      GATEWAY_NETWORK: network,
      CREATED_MAP: join(folder, 'created.map'),
    },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
    })
  }
  const ended = once(child, 'close')
  t.teardown(async () => {
    child.kill('SIGTERM')
    await ended
    rmSync(socketPath, { force: true })
  })
  await until(
    () => existsSync(socketPath) || (child.exitCode !== null && 'ended'),
    (state) => state !== false,
    'the proxy listens',
    30_000,
  )
  if (child.exitCode !== null) throw new Error(`the proxy did not start: ${output}`)

  return {
    dockerHost: `unix://${socketPath}`,
    ask: (method, path, body, headers = {}) =>
      new Promise((resolve, reject) => {
        const json = body === undefined ? {} : { 'content-type': 'application/json' }
        request({ socketPath, method, path, headers: { ...json, ...headers }, agent: false })
          .on('response', (answer) => {
            // Some answers have no end: the status is all that is asked for.
            if (!answer.headers['content-length']) {
              answer.destroy()
              resolve({ status: answer.statusCode ?? 0, text: '' })
            } else {
              text(answer).then((said) => resolve({ status: answer.statusCode ?? 0, text: said }), reject)
            }
          })
          .on('error', reject)
          .end(body)
      }),
    get output() {
      return output
    },
  }
}
