// Edge cases of several bots: one that comes back while its gateway runs, and one that is not alone.
import t from 'tap'
import { realSession } from '../session/harness.ts'
import { botWorld, ordersAt } from './bot-world.ts'

const operational = 'Bot operational, Gateway validated'

t.test('EC-15 Bot restart while Gateway already running: bot reconnects quickly (skip wait)', async (t) => {
  const world = await botWorld(t)
  const gateway = await world.startGateway()
  const first = await world.startBot()
  await first.heard(operational)
  t.equal(await first.stop(), 0)
  const second = await world.startBot()
  const { at: beganAt } = await second.heard('Bot startup initiated')
  const { at, fields } = await second.heard('Gateway is ready and authenticated')
  t.match(fields, { tries: 1 })
  t.ok(at - beganAt < 5_000, `found after ${Math.round(at - beganAt)} ms, before a first retry would be due`)
  await second.heard(operational)
  t.equal(second.count('Gateway check attempt 1/30'), 1)
  t.equal(second.count('Client id in use, trying again'), 0)
  await second.toldAs('INFO: Bot started successfully')
  t.strictSame(second.told(), ['INFO: Bot started successfully'])
  t.ok(gateway.requests.every(({ clientId }) => clientId === 1))
})

t.test('EC-15 the gateway has not let go of the client id yet: the bot waits for it', async (t) => {
  const world = await botWorld(t)
  const gateway = await world.startGateway()
  const first = await world.startBot()
  await first.heard(operational)
  const second = await world.startBot({ env: { BOT_STATE_DIR: `${world.dir}/second` } })
  await second.heard('Client id in use, trying again')
  t.equal(await first.stop(), 0)
  await second.heard(operational)
  t.equal(await second.healthStatus(), 200)
  t.strictSame(ordersAt(gateway), [])
})

t.test('EC-16 Multiple bot instances started: only one client ID active, second rejects', async (t) => {
  const world = await botWorld(t, { speed: 20 })
  const gateway = await world.startGateway()
  const rare = { checkIntervalMs: 600_000 }
  const first = await world.startBot({ pace: rare })
  await first.heard(operational)
  const second = await world.startBot({ pace: rare, env: { BOT_STATE_DIR: `${world.dir}/second` } })
  t.match((await second.heard('Client id in use, trying again')).fields, { reason: /client id 1/i })
  t.equal(await second.ended, 1)
  t.equal(second.count(operational), 0)
  const failure = second.lines.find(({ message }) =>
    message.startsWith('Failed to initialize trading modules: '),
  )
  t.match(failure, { level: 'error', message: /in use/ })
  const [told = ''] = second.told().filter((head) => head.startsWith('CRITICAL: Bot initialization failed: '))
  t.match(told, /client id 1/i)
  t.match((await second.toldAs(told)).action, /start the bot again/)

  t.equal(await first.healthStatus(), 200, 'the first keeps running')
  t.equal(first.count('order gate closed'), 0)
  t.strictSame(first.told(), ['INFO: Bot started successfully'])
  t.strictSame([...new Set(gateway.requests.map(({ connection }) => connection))].length, 1)
})

t.test('EC-16 one that took the client id during a loss is told of, and outlasted', async (t) => {
  const world = await botWorld(t)
  const gateway = await world.startGateway()
  const bot = await world.startBot()
  await bot.heard(operational)
  gateway.fault('reject-326')
  gateway.fault('drop')
  t.match(await bot.toldAs('ERROR: Client id in use'), {
    text: /client id 1 is in use: another bot runs with it/,
    action: /Stop the other instance, or give this one another CLIENT_ID/,
  })
  t.equal(await bot.healthStatus(), 503)
  gateway.fault('clear')
  await bot.heard('Gateway validated successfully', 2)
  t.equal(await bot.healthStatus(), 200)
  t.equal(bot.told().filter((head) => head === 'ERROR: Client id in use').length, 1)
})

t.test(
  'EC-16 whoever else uses the client id of the check does not make the bot give up its gateway',
  async (t) => {
    const world = await botWorld(t)
    const gateway = await world.startGateway()
    const bot = await world.startBot({ pace: { checkIntervalMs: 2_000 } })
    await bot.heard(operational)
    const other = realSession(t, world.port, { clientId: 0 })
    await other.connectOnce()
    t.match((await bot.heard('Gateway check not made, its client id is in use')).fields, {
      detail: /client id 0/,
    })
    t.equal(bot.count('order gate closed'), 0)
    t.equal(await bot.healthStatus(), 200)
    await other.disconnect()
    await bot.heard('Gateway check passed')
    t.equal(bot.count('order gate closed'), 0)
    t.strictSame(ordersAt(gateway), [])
  },
)
