// The commands without a manager: simulator, check, explain-log, openapi.

import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:net'
import t, { type Test } from 'tap'
import { noQuote } from '../../src/cli/serverless/diagnosis.ts'
import { startSimulatedGateway } from '../../src/simulator/gateway.ts'
import { testFolder } from '../test-folder.ts'
import { closedPort, ibgm } from './harness.ts'

async function listener(t: Test, onConnection: Parameters<typeof createServer>[1]): Promise<string> {
  const server: Server = createServer(onConnection)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return String((server.address() as AddressInfo).port)
}

/** A simulated gateway that is logged in. */
async function loggedIn(t: Test, username = 'checker') {
  let login: () => void = () => {}
  const done = new Promise<void>((resolve) => {
    login = resolve
  })
  const gateway = await startSimulatedGateway({
    username,
    password: 'sim',
    tradingMode: 'paper',
    loginSeconds: 0.01,
    onLog: (line) => line.includes('Login has completed') && login(),
    onExit: () => {},
  })
  t.teardown(() => gateway.kill())
  await done
  return gateway
}

t.test('check of a gateway that is fine', async (t) => {
  const { port } = await loggedIn(t)
  const { code, stdout } = await ibgm(['check', '127.0.0.1', String(port)])
  t.equal(code, 0, stdout)
  t.match(stdout, /^ok +port +127\.0\.0\.1:\d+ accepts/m)
  t.match(stdout, /^ok +handshake/m)
  t.match(stdout, /^ok +accounts +DU\d+; server version \d+/m)
  t.match(stdout, /^ok +market-data +EUR\.USD bid/m)
  const json = JSON.parse(
    (await ibgm(['check', '127.0.0.1', String(port), '--symbol', 'AAPL', '--json'])).stdout,
  )
  t.equal(json.ok, true)
  t.match(json.steps.at(-1), { step: 'market-data', detail: /^AAPL / })
})

t.test('check explains a wrong port', async (t) => {
  const refused = await ibgm(['check', '127.0.0.1', String(await closedPort())])
  t.equal(refused.code, 3)
  t.match(refused.stdout, /failed +port +nothing listens on/)
  t.match(refused.stdout, /IB Gateway 4001 live, 4002 paper/)

  const socat = await ibgm(['check', '127.0.0.1', await listener(t, (socket) => socket.end())])
  t.equal(socat.code, 1)
  t.match(socat.stdout, /closes without a byte: a forwarder with no gateway behind it/)

  const held = await listener(t, (socket) => t.teardown(() => socket.destroy()))
  const mute = await ibgm(['check', '127.0.0.1', held, '--timeout', '1'])
  t.equal(mute.code, 1)
  t.match(mute.stdout, /accepts and stays mute for 1 s/)

  const unnamed = await ibgm(['check', 'no-such-host.invalid', '4002', '--json'])
  t.equal(unnamed.code, 3)
  t.match(JSON.parse(unnamed.stdout), { ok: false, steps: [{ step: 'port', ok: false }] })
})

t.test('check tells a taken client id from a login that is not complete', async (t) => {
  const gateway = await loggedIn(t)
  gateway.fault('reject-326')
  const taken = await ibgm(['check', '127.0.0.1', String(gateway.port), '--client-id', '7'])
  t.equal(taken.code, 1)
  t.match(taken.stdout, /client id 7 is already in use/)
  gateway.fault('clear')
  gateway.fault('handshake', 'F2')
  const incomplete = await ibgm(['check', '127.0.0.1', String(gateway.port), '--timeout', '1'])
  t.equal(incomplete.code, 1)
  t.match(incomplete.stdout, /names no accounts within 1 s/)
})

t.test('check tells a gateway that has lost IB from a missing subscription', async (t) => {
  const gateway = await loggedIn(t)
  const checked = () => ibgm(['check', '127.0.0.1', String(gateway.port), '--timeout', '1'])
  for (const fault of ['1100', '2110']) {
    gateway.fault(fault)
    const lost = await checked()
    t.equal(lost.code, 1, fault)
    t.match(lost.stdout, /^failed +market-data +no quote .*the gateway has lost IB \(it said 2110: /m)
    t.notMatch(lost.stdout, 'subscription')
    gateway.fault('1102')
  }
  t.equal((await checked()).code, 0, 'and it is back')
})

t.test('a gateway that got IB back may lack a subscription', async (t) => {
  const said = (code: number) => ({ id: -1, code, text: `text of ${code}` })
  t.match(noQuote('no quote', [said(1100)]), { detail: /has lost IB \(it said 1100: text of 1100\)/ })
  for (const notices of [[], [said(2110), said(1102)]])
    t.match(noQuote('no quote', notices), { detail: 'no quote', action: /market-data subscription/ })
})

t.test('check wants a port and a client id', async (t) => {
  for (const argv of [['0'], ['http'], ['4002', '--client-id', '-1'], ['4002', '--timeout', '0']]) {
    t.equal((await ibgm(['check', '127.0.0.1', ...argv])).code, 2, argv.join(' '))
  }
})

t.test('explain-log reads a file or stdin', async (t) => {
  const log = '2026-11-20 10:00:00:000 IBC: Login failed\n'
  const dir = testFolder(t, { 'gateway.log': log })
  const fromFile = await ibgm(['explain-log', `${dir}/gateway.log`, '--json'])
  const fromStdin = await ibgm(['explain-log', '-', '--json'], { stdin: log })
  t.equal(fromFile.code, 0)
  t.equal(fromFile.stdout, fromStdin.stdout)
  t.match(JSON.parse(fromFile.stdout), { reason: 'CREDENTIALS_REJECTED', terminal: true })
  t.match((await ibgm(['explain-log', '-'], { stdin: log })).stdout, /^reason +CREDENTIALS_REJECTED: /m)
  const missing = await ibgm(['explain-log', `${dir}/none.log`])
  t.equal(missing.code, 1)
  t.match(missing.stderr, /cannot read .*none\.log \(ENOENT\)/)
})

t.test('explain-log does not judge what is no log of a gateway', async (t) => {
  const compose = 'gw-1  | 2026-11-20 10:00:00:000 IBC: Login failed\n'
  const prefixed = await ibgm(['explain-log', '-', '--json'], { stdin: compose })
  t.match(JSON.parse(prefixed.stdout), { reason: 'CREDENTIALS_REJECTED', terminal: true })
  const several = await ibgm(['explain-log', '-'], { stdin: compose + compose.replace('gw-1', 'gw-2') })
  t.match(several, { code: 1, stdout: '', stderr: /has the logs of 2 gateways: gw-1, gw-2/ })
  const empty = await ibgm(['explain-log', '-'])
  t.match(empty, { code: 1, stdout: '', stderr: /what came on stdin is empty\n.*NOT_A_GATEWAY_LOG/ })
  const dir = testFolder(t, { 'prose.txt': 'Dear diary, the gateway did not start.\n' })
  const prose = await ibgm(['explain-log', `${dir}/prose.txt`])
  t.match(prose, { code: 1, stdout: '', stderr: /prose\.txt is not a gateway's log/ })
  t.match(prose.stderr, /what to do: save a log with `docker logs CONTAINER/)
})

t.test('openapi prints the document', async (t) => {
  const yaml = await ibgm(['openapi'])
  t.equal(yaml.code, 0)
  t.match(yaml.stdout, /^openapi: 3\.1/)
  t.match(JSON.parse((await ibgm(['openapi', '--json'])).stdout), { paths: { '/api/v1/followers': {} } })
})

t.test('simulator: log lines out, faults in, the port free at the end', async (t) => {
  const started = await ibgm(['simulator', '--port', '0', '--login-seconds', '0.01'], {
    stdin: 'nonsense\nexit 3\n',
  })
  t.equal(started.code, 1, 'the gateway ended by itself with 3')
  t.match(started.stderr, /simulated gateway of sim-user \(paper\) on 127\.0\.0\.1:\d+/)
  t.match(started.stderr, /unknown fault "nonsense"/)
  t.match(started.stderr, /the gateway ended with exit code 3/)
  t.match(started.stdout, /Starting IBC/)
})

t.test('simulator ends well on Ctrl-C', async (t) => {
  const interrupt = new AbortController()
  const { code } = await ibgm(['simulator', '--port', '0', '--login-seconds', '0.01', '--json'], {
    signal: interrupt.signal,
    onOutput: (stdout) => stdout.includes('Login has completed') && interrupt.abort(),
  })
  t.equal(code, 0)
})

t.test('simulator on a taken port, with a bad one', async (t) => {
  const port = await listener(t, (socket) => socket.destroy())
  const taken = await ibgm(['simulator', '--port', port])
  t.equal(taken.code, 1)
  t.match(taken.stderr, /something else does\n {2}code: EADDRINUSE\n {2}what to do: --port picks another/)
  for (const argv of [
    ['--port', '99999'],
    ['--login-seconds', 'soon'],
    ['--mode', 'demo'],
  ]) {
    t.equal((await ibgm(['simulator', ...argv])).code, 2, argv.join(' '))
  }
})
