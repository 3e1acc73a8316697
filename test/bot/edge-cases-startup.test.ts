// Edge cases of the start-up: a gateway that is absent, slow, wrong, wedged or out of reach, and what the bot says and ends with.
import t from 'tap'
import { ibConnector } from '../../src/adapters/ib/connector.ts'
import type { IbConnector } from '../../src/ports/ib.ts'
import { botProcess } from './bot-process.ts'
import { botWorld, ordersAt } from './bot-world.ts'
import { inOrder, type RunningBot } from './running-bot.ts'

const operational = 'Bot operational, Gateway validated'
const started = 'INFO: Bot started successfully'
const notValidated = 'Gateway validation failed, cannot start bot'
const allRetries = 'CRITICAL: Gateway startup failed after all retries'
const noLogin = 'Gateway authenticated but IBKR login failed'
const badCredentials = 'CRITICAL: Gateway authentication failed, check IBKR credentials'
const delayed = 'WARNING: Gateway startup delayed, retrying...'
const veryLate = 'ERROR: Gateway startup significantly delayed'

/** It has ended without ever having traded, and all its alerts are in. */
async function endedBeforeTrading(bot: RunningBot): Promise<void> {
  t.equal(await bot.ended, 1, 'exit code')
  t.equal(bot.count(operational), 0)
  t.notOk(bot.told().includes(started))
  t.match(bot.bot.health(), { gatewayConnected: false, strategyActive: 'C', lastGatewayCheck: null })
}

t.test(
  'EC-01 Gateway container not started: bot retries, eventually times out, alerts CRITICAL',
  async (t) => {
    const world = await botWorld(t, { speed: 20 })
    const bot = await world.startBot({
      env: { GATEWAY_STARTUP_TIMEOUT: '2m', GATEWAY_RETRY_INTERVAL: '100ms', GATEWAY_MAX_RETRIES: '11' },
    })
    const waiting = await bot.heard('Gateway port not responding, retrying')
    t.match(waiting.fields, { gateway: `127.0.0.1:${world.port}`, tries: 1 })
    t.equal(await bot.healthStatus(), 503, 'it lives, and is not healthy')
    await endedBeforeTrading(bot)
    t.equal(bot.count('Gateway port not responding, retrying'), 10)
    t.equal(bot.count('Gateway check attempt 11/11'), 1)
    t.match(await bot.heard(notValidated), { level: 'error', fields: { tries: 11 } })
    t.strictSame(bot.told(), [delayed, veryLate, allRetries])
    t.match(await bot.toldAs(allRetries), {
      text: /after 11 attempts/,
      action: /Check that the gateway runs/,
    })
  },
)

t.test('EC-01 the time-out ends it before the tries do', async (t) => {
  const world = await botWorld(t)
  const bot = await world.startBot({ env: { GATEWAY_STARTUP_TIMEOUT: '4s' } })
  await endedBeforeTrading(bot)
  const { fields } = await bot.heard(notValidated)
  t.ok(fields.tries < 30, `${fields.tries} tries`)
  t.ok(fields.elapsedSeconds >= 4, `${fields.elapsedSeconds} s`)
  t.equal(bot.told().at(-1), allRetries)
})

t.test(
  'EC-02 Gateway started but still authenticating (30-60s delay): bot retries until auth succeeds, then proceeds',
  async (t) => {
    const world = await botWorld(t)
    const gateway = await world.startGateway({ loginSeconds: 10 })
    const bot = await world.startBot({ pace: { checkIntervalMs: 600_000 } })
    await bot.heard('Gateway responding but not authenticated, retrying')
    t.equal(bot.bot.health().gatewayConnected, false)
    t.equal(gateway.loggedIn, false)
    await bot.heard(operational)
    t.ok(gateway.loggedIn)
    t.ok(
      inOrder(bot.messages(), [
        'Bot startup initiated',
        'Bot container started, beginning Gateway validation',
        'Gateway check attempt 1/30',
        'Gateway is ready and authenticated',
        'Gateway validated successfully',
        'order gate open',
        operational,
      ]),
      bot.messages().join('\n'),
    )
    await bot.toldAs(started)
    t.notOk(bot.told().some((head) => head.startsWith('CRITICAL')))
    t.equal(await bot.healthStatus(), 200)
    t.equal(gateway.requests[0]?.clientId, 1, 'the check by client id 0 asked for nothing')
    t.equal(await bot.stop(), 0)
  },
)

t.test(
  'EC-03 Gateway responds but authentication fails (wrong credentials): bot detects auth failure, alerts CRITICAL, exits',
  async (t) => {
    const world = await botWorld(t)
    const gateway = await world.startGateway({ username: 'sim-badpass' })
    const bot = await world.startBot({ env: { GATEWAY_MAX_RETRIES: '4' } })
    await endedBeforeTrading(bot)
    t.equal(gateway.loggedIn, false)
    t.equal(bot.count('Gateway responding but not authenticated, retrying'), 3, 'a slow login until the end')
    t.match(await bot.heard(noLogin), { level: 'error' })
    t.equal(bot.count(notValidated), 0)
    t.strictSame(bot.told(), [delayed, badCredentials])
    t.match(await bot.toldAs(badCredentials), { action: /user name and password/ })
  },
)

t.test('EC-03 a gateway that shakes hands and names no accounts is not authenticated', async (t) => {
  const world = await botWorld(t)
  const gateway = await world.startGateway()
  gateway.fault('handshake', 'F3')
  const bot = await world.startBot({ env: { GATEWAY_MAX_RETRIES: '2' } })
  await endedBeforeTrading(bot)
  t.equal(bot.count(noLogin), 1)
  t.strictSame(bot.told(), [badCredentials])
})

t.test(
  'EC-04 Gateway becomes unresponsive during bot startup: bot retry loop handles transient failure',
  async (t) => {
    const world = await botWorld(t)
    const first = await world.startGateway()
    first.fault('mute')
    const bot = await world.startBot({ env: { GATEWAY_STARTUP_TIMEOUT: '10m' } })
    await bot.heard('Gateway responding but not authenticated, retrying')
    await world.crash(first)
    await bot.heard('Gateway port not responding, retrying')
    const second = await world.startGateway()
    await bot.heard(operational)
    await bot.toldAs(started)
    t.strictSame(ordersAt(first, second), [])
    t.equal(await bot.healthStatus(), 200)
  },
)

t.test('EC-04 Gateway dies between its check and the trading connection: the bot ends safely', async (t) => {
  const world = await botWorld(t)
  const gateway = await world.startGateway()
  const real = ibConnector()
  const connector: IbConnector = {
    open(target, listener) {
      if (target.clientId !== 0) gateway.fault('drop')
      return real.open({ ...target, port: target.clientId === 0 ? target.port : 1 }, listener)
    },
  }
  const bot = await world.startBot({ connector })
  t.equal(await bot.ended, 1)
  const failure = bot
    .messages()
    .find((message) => message.startsWith('Failed to initialize trading modules: '))
  t.ok(failure, bot.messages().join('\n'))
  t.ok(
    bot.told().some((head) => head.startsWith('CRITICAL: Bot initialization failed: ')),
    bot.told().join('\n'),
  )
  t.strictSame(ordersAt(gateway), [])
})

t.test(
  'EC-05 Network unavailable (no route to Gateway): bot socket timeout, retries, eventually fails',
  async (t) => {
    const world = await botWorld(t)
    // Packets vanish: nothing ever comes back, not even a refusal.
    const partition: IbConnector = {
      open: (target, listener) =>
        ibConnector().open({ ...target, host: '127.0.0.1', port: 1 }, { ...listener, onClosed() {} }),
    }
    const bot = await world.startBot({ connector: partition, env: { GATEWAY_MAX_RETRIES: '3' } })
    await endedBeforeTrading(bot)
    const { fields } = await bot.heard(notValidated)
    t.match(fields, { tries: 3, detail: /no TCP connection came about within 5 s/ })
    t.ok(fields.elapsedSeconds >= 15, 'each try had its time')
    t.strictSame(bot.told(), [delayed, allRetries])
  },
)

t.test(
  'EC-06 Invalid Gateway host/port in configuration: bot fails fast with clear error message',
  async (t) => {
    const port = await botProcess(t, { GATEWAY_HOST: '127.0.0.1', GATEWAY_PORT: '99999' })
    t.equal(await port.exitCode, 1)
    t.match(port.stderr(), /GATEWAY_PORT.*99999.*whole number from 1 to 65535/)
    const host = await botProcess(t, { GATEWAY_HOST: 'http://gateway', GATEWAY_PORT: '4002' })
    t.equal(await host.exitCode, 1)
    t.match(host.stderr(), /GATEWAY_HOST.*http:\/\/gateway/)

    const unknown = await botProcess(t, { GATEWAY_HOST: 'no-such-gateway.invalid', GATEWAY_PORT: '4002' })
    t.equal(await unknown.exitCode, 1)
    const lines = unknown.json()
    t.match(
      lines.find(({ msg }) => msg === notValidated),
      { tries: 1, detail: /no-such-gateway\.invalid/ },
    )
    t.match(
      lines.find(({ msg }) => msg === 'Alert: Gateway startup failed after all retries'),
      { alertLevel: 'CRITICAL', action: /Check GATEWAY_HOST/ },
    )
  },
)

t.test('EC-06 a container that is not started has no name yet: docker mode waits for it', async (t) => {
  const world = await botWorld(t)
  const bot = await world.startBot({
    env: {
      GATEWAY_HOST: 'no-such-gateway.invalid',
      BOT_ORCHESTRATION_MODE: 'docker',
      GATEWAY_MAX_RETRIES: '3',
    },
  })
  await endedBeforeTrading(bot)
  t.match((await bot.heard(notValidated)).fields, { tries: 3 })
  t.equal(bot.told().at(-1), allRetries)
})
