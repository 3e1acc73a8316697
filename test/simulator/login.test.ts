// Logins by scenario: what is printed, whether the port opens, how it ends. The log is read as the facts' rules read it.
import { connect } from 'node:net'
import t from 'tap'
import { startSimulatedGateway } from '../../src/simulator/gateway.ts'
import { RawClient, type StartedGateway, startGateway, startLoggedIn, until } from './harness.ts'

const ibcLine = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}:\d{3} IBC: (.*)$/

/** What IBC said, without its stamps. */
const said = (gateway: StartedGateway) => gateway.log.flatMap((line) => ibcLine.exec(line)?.[1] ?? [])
const says = (gateway: StartedGateway, text: string) => until(() => said(gateway).includes(text))

t.test('a paper login from banner to configuration', async (t) => {
  const gateway = await startGateway(t, { autoRestartTime: '11:45 PM', readOnlyApi: false })
  t.equal(gateway.loggedIn, false)
  await says(gateway, 'Configuration tasks completed')
  t.equal(gateway.log[1], '.> Starting IBC/IB gateway')
  const milestones = [
    'version: 3.24.1',
    'Starting session: will exit if login dialog is not displayed within 60 seconds',
    'detected frame entitled: IBKR Gateway; event=Opened',
    'Login dialog WINDOW_OPENED: LoginState is LOGGED_OUT',
    'Setting user name',
    'Setting password',
    'Login attempt: 1',
    'Click button: Paper Log In',
    'detected frame entitled: Authenticating...; event=Opened',
    'Login has completed',
    'detected dialog entitled: Warning; event=Opened',
    'Click button: I understand and accept',
    'Setting Auto restart time',
    'Auto restart time set to 11:45 PM',
    'Read-Only API checkbox is now set to: false',
    'Configuration tasks completed',
  ]
  t.strictSame(
    said(gateway).filter((text) => milestones.includes(text)),
    milestones,
  )
  const [account] =
    gateway.log.join('\n').match(/DU\d{7} Trader Workstation Configuration \(Simulated Trading\)/) ?? []
  t.ok(account)
  const client = await RawClient.ready(t, gateway.port)
  t.equal(client.frames[1]?.[2], account?.split(' ')[0], 'the API reports the account of the dialog')
})

t.test('user name and password are masked', async (t) => {
  const gateway = await startLoggedIn(t, { username: 'somebody', password: 'sim-very-secret' })
  t.ok(gateway.log.includes('    IbPassword=***'))
  t.notMatch(gateway.log.join('\n'), /somebody|very-secret/)
})

t.test('which passwords pass', async (t) => {
  const outcome = async (username: string, password: string) => {
    const gateway = await startGateway(t, { username, password })
    const refused = 'detected dialog entitled: Unrecognized Username or Password; event=Opened'
    await until(() => gateway.loggedIn || said(gateway).includes(refused))
    gateway.kill()
    return gateway.loggedIn || said(gateway).includes('Login has completed')
  }
  t.ok(await outcome('alice', 'sim'))
  t.ok(await outcome('alice', 'sim-1'))
  t.notOk(await outcome('alice', 'simple'))
  t.notOk(await outcome('alice', 'other'))
  t.notOk(await outcome('alice-badpass', 'sim'))
  t.ok(await outcome('alice-oddpass', 's\\i"m\'#=é€'))
  t.notOk(await outcome('alice-oddpass', 'si"m\'#=é€'))
})

t.test('without a password IBC stops after filling the form', async (t) => {
  const gateway = await startGateway(t, { password: '' })
  await says(gateway, 'Setting password')
  t.equal(said(gateway).at(-1), 'Setting password')
})

t.test('a live login waits for its second factor', async (t) => {
  const gateway = await startGateway(t, { username: 'alice-2fa', tradingMode: 'live' })
  await says(gateway, 'Second Factor Authentication initiated')
  t.equal(gateway.loggedIn, false)
  gateway.fault('approve-2fa')
  await until(() => gateway.loggedIn)
  t.ok(said(gateway).includes('If login has not completed, IBC will exit in 60 seconds'))
  t.ok(said(gateway).includes('Click button: Log In'))
  t.match((await RawClient.ready(t, gateway.port)).frames[1]?.[2], /^U\d{7}$/)
})

t.test('a push that nobody answers is followed by another', async (t) => {
  const gateway = await startGateway(t, { username: 'alice-2fa', twofaSeconds: 0.02 })
  await says(gateway, 'Login attempt: 3')
  t.ok(said(gateway).includes('Re-login after second factor authentication timeout in 5 second'))
  t.match(
    said(gateway).find((text) => text.startsWith('Duration')),
    /Duration since login: 18\d seconds/,
  )
})

t.test('without re-login a push that nobody answers is the end', async (t) => {
  const gateway = await startGateway(t, {
    username: 'alice-2fa',
    twofaSeconds: 0.02,
    reloginAfterTwofaTimeout: false,
  })
  await says(gateway, 'Re-login after second factor authentication timeout not required')
  gateway.fault('approve-2fa')
  t.equal(gateway.loggedIn, false)
})

t.test('an existing session', async (t) => {
  const taker = await startLoggedIn(t, { username: 'alice-taken', existingSession: 'primary' })
  t.ok(said(taker).some((text) => text.endsWith('(scenario 3)')))

  const waiting = await startGateway(t, { username: 'alice-taken', existingSession: 'manual' })
  await until(() => said(waiting).some((text) => text.endsWith('(scenario 1)')))
  t.strictSame(waiting.exits, [])

  const yielding = await startGateway(t, { username: 'alice-taken', existingSession: 'secondary' })
  await until(() => yielding.exits.length > 0)
  t.ok(said(yielding).some((text) => text.endsWith('(scenario 2)')))
  t.strictSame(yielding.exits, [76])
})

t.test(
  'nightly restart: the API goes away, no credentials, no second factor, the API comes back',
  async (t) => {
    const gateway = await startGateway(t, { username: 'alice-2fa' })
    await says(gateway, 'Second Factor Authentication initiated')
    gateway.fault('approve-2fa')
    await until(() => gateway.loggedIn)
    const client = await RawClient.ready(t, gateway.port)
    gateway.fault('nightly-restart')
    t.equal(gateway.loggedIn, false)
    await client.closed()
    await until(() => gateway.loggedIn)
    const after = gateway.log.slice(gateway.log.indexOf('IBC will restart shortly')).join('\n')
    t.match(after, /IBC: Re-starting session/)
    t.notMatch(after, /Login attempt|Second Factor/)
    await RawClient.ready(t, gateway.port)
  },
)

t.test('a refused login after a restart', async (t) => {
  const gateway = await startLoggedIn(t)
  gateway.fault('refuse-login')
  t.equal(gateway.loggedIn, true, 'who is in stays in')
  gateway.fault('nightly-restart')
  await says(gateway, 'detected dialog entitled: Unrecognized Username or Password; event=Opened')
  t.equal(gateway.loggedIn, false)
})

t.test('the command server', async (t) => {
  const gateway = await startLoggedIn(t, { commandServer: true })
  t.equal(await gateway.command('nonsense'), 'ERROR Command invalid')
  t.equal(await gateway.command('ENABLEAPI'), 'ERROR ENABLEAPI is not valid for the IB Gateway')
  t.match(
    await gateway.command('restart'),
    /^OK RESTART in progress\nOK RESTART at (0[1-9]|1[0-2]):[0-5]\d [AP]M$/,
  )
  await until(() => gateway.loggedIn)
  t.equal(await gateway.command('STOP'), 'OK Shutting down: STOP command')
  await until(() => gateway.exits.length === 1)
  t.strictSame(gateway.exits, [0])
  t.ok(said(gateway).includes('Login has completed: exiting via [File, Close] menu'))
  await t.rejects(gateway.command('STOP'), /ended/)
  const without = await startLoggedIn(t)
  await t.rejects(without.command('STOP'), /ECONNREFUSED/)
})

t.test('SIGTERM and SIGKILL', async (t) => {
  const stopped = await startLoggedIn(t)
  await stopped.terminate()
  t.strictSame(stopped.exits, [143])
  t.ok(stopped.log.some((line) => /^\.> .*Received SIGINT or SIGTERM\. Shutting down/.test(line)))
  await stopped.terminate()
  t.strictSame(stopped.exits, [143], 'once')

  const killed = await startLoggedIn(t)
  const lines = killed.log.length
  killed.kill()
  await until(() => killed.exits.length === 1)
  t.strictSame(killed.exits, [137])
  t.equal(killed.log.length, lines)
})

t.test('a taken port is refused as node refuses it', async (t) => {
  const gateway = await startLoggedIn(t)
  const second = startSimulatedGateway({
    username: 'bob',
    password: 'sim',
    tradingMode: 'paper',
    port: gateway.port,
    onLog: () => t.fail('a gateway without a port prints nothing'),
    onExit: () => t.fail('and does not end'),
  })
  await t.rejects(second, { code: 'EADDRINUSE' })
})

t.test('`-slow` answers about two seconds late', async (t) => {
  const delays: number[] = []
  const clock = {
    now: () => Date.now(),
    schedule(task: () => void, delayMs: number) {
      delays.push(delayMs)
      const timer = setTimeout(task, delayMs / 100)
      return () => clearTimeout(timer)
    },
  }
  const gateway = await startLoggedIn(t, { username: 'alice-slow', clock })
  await RawClient.ready(t, gateway.port)
  t.ok(delays.includes(2_000))
})

t.test('a hundred quiet gateways hold no timers', async (t) => {
  const gateways = await Promise.all(
    Array.from({ length: 100 }, (_, index) => startGateway(t, { username: `u${index}` })),
  )
  await until(() => gateways.every((gateway) => gateway.log.at(-1)?.includes('Configuration') ?? false))
  const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout')
  t.ok(timers.length <= 2, `${timers.length} timers`)
  t.equal(new Set(gateways.map(({ port }) => port)).size, 100)
  const socket = connect(gateways[42]?.port ?? 0, '127.0.0.1')
  t.teardown(() => socket.destroy())
})
