// FORWARD_* in the environment, and the forwarder beside the manager.
import { Writable } from 'node:stream'
import { pino } from 'pino'
import t from 'tap'
import { ConfigError, parseConfig } from '../../src/config.ts'
import { startServer } from '../../src/server/server.ts'
import { portRange } from '../fleet/world.ts'
import { testFolder } from '../test-folder.ts'
import { all, client, echo, knock, target } from './harness.ts'

function faultsOf(env: Record<string, string>): string[] {
  try {
    parseConfig(env)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.message.split('\n')
  }
}

t.test('off, unless FORWARD_LISTEN is set', async (t) => {
  t.equal(parseConfig({}).config.forwarder, undefined)
  t.strictSame(parseConfig({ FORWARD_LISTEN: '4003' }).config.forwarder, {
    listen: { port: 4003 },
    target: { host: '127.0.0.1', port: 4002 },
  })
  t.strictSame(
    parseConfig({
      FORWARD_LISTEN: '172.17.0.1:4003',
      FORWARD_TARGET: '4001',
      FORWARD_INTERFACE: 'docker0',
      FORWARD_ALLOW: '172.17.0.0/16, fd00::1',
    }).config.forwarder,
    {
      listen: { host: '172.17.0.1', port: 4003 },
      target: { host: '127.0.0.1', port: 4001 },
      interfaceName: 'docker0',
      allow: [
        { address: '172.17.0.0', prefix: 16 },
        { address: 'fd00::1', prefix: 128 },
      ],
    },
  )
})

t.test('what it does not take', async (t) => {
  t.strictSame(
    faultsOf({
      FORWARD_LISTEN: '0.0.0.0:4003',
      FORWARD_TARGET: 'nobody',
      FORWARD_INTERFACE: 'a b',
      FORWARD_ALLOW: '172.17.0.0/99',
    }).map((line) => line.split(':')[0]),
    ['FORWARD_LISTEN', 'FORWARD_TARGET', 'FORWARD_INTERFACE', 'FORWARD_ALLOW'],
  )
  t.match(faultsOf({ FORWARD_LISTEN: '[::]:4003' }), [
    /^FORWARD_LISTEN: got .+, takes a port, or an address:port that is not 0/,
  ])
  t.match(faultsOf({ FORWARD_LISTEN: '10.0.0.1:4003' }), [
    /^FORWARD_LISTEN: got "10.0.0.1:4003", takes a port alone/,
  ])
  t.match(faultsOf({ FORWARD_LISTEN: '4002' }), [
    /^FORWARD_TARGET: got "127.0.0.1:4002", takes something else/,
  ])
  t.match(faultsOf({ FORWARD_INTERFACE: 'docker0', FORWARD_ALLOW: '10.0.0.0/8' }), [
    /^FORWARD_INTERFACE: got a value, takes one only when FORWARD_LISTEN is set/,
    /^FORWARD_ALLOW: got a value, takes one only when FORWARD_LISTEN is set/,
  ])
})

t.test('beside the manager, for as long as it runs', async (t) => {
  const to = await target(t, echo)
  const { from, to: last } = portRange(10)
  const lines: Array<{ msg: string; level: number; addresses?: string[]; code?: string }> = []
  const log = pino(
    new Writable({
      write(chunk, _encoding, done) {
        lines.push(JSON.parse(String(chunk)))
        done()
      },
    }),
  )
  const env = {
    RUNTIME: 'simulated',
    PORT: '0',
    DATA_DIR: testFolder(t),
    PORT_RANGE_START: String(from),
    PORT_RANGE_END: String(last),
    FORWARD_LISTEN: '0',
    FORWARD_TARGET: `127.0.0.1:${to.port}`,
  }
  const server = await startServer({ env, log })
  t.teardown(() => server.close())
  const [address = ''] = lines.find(({ msg }) => msg === 'port forwarding is up')?.addresses ?? []
  const port = Number(address.split(':')[1])
  const socket = await client(t, port)
  socket.end('hello')
  t.equal(await all(socket), 'hello')
  await to.close()
  await knock(t, port)
  await knock(t, port)
  const warnings = lines.filter(({ level }) => level === 40)
  t.match(warnings, [{ code: 'ECONNREFUSED', msg: /target takes no connections/ }])
  t.equal(warnings.length, 1, 'told once')
  await server.close()
  const free = await target(t, echo, port)
  t.ok(free.server.listening, 'the port is free again')
  await t.rejects(startServer({ env: { ...env, FORWARD_LISTEN: String(port) }, log }), {
    code: 'PORT_IN_USE',
    message: /Something else listens on 127\.0\.0\.1:/,
  })
})
