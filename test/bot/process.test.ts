// The bot as a process: SIGTERM in every phase, its log on standard output, its health over HTTP and for Docker.
import t, { type Test } from 'tap'
import type { BotHealth } from '../../src/bot/health-server.ts'
import { freePort } from '../../src/demo/bot-stage.ts'
import { receiver } from '../adapters/webhook/receiver.ts'
import { until } from '../fleet/world.ts'
import { testFolder } from '../test-folder.ts'
import { type BotProcess, botProcess, healthCommand } from './bot-process.ts'
import { realGateway } from './bot-world.ts'

const operational = 'Bot operational, Gateway validated'
const leftAsTheyAre = 'Bot stopping, positions and working orders are left as they are'
const levels = ['DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL']

const at = (port: number) => ({ GATEWAY_HOST: '127.0.0.1', GATEWAY_PORT: String(port) })

/** SIGTERM ends it well within the five seconds that there are, with the line that says what became of positions. */
async function endsTidily(t: Test, bot: BotProcess): Promise<void> {
  const { exitCode, tookMs } = await bot.terminate()
  t.equal(exitCode, 0)
  t.ok(tookMs < 5_000, `${Math.round(tookMs)} ms`)
  const lines = bot.json()
  t.match(
    lines.find(({ msg }) => msg === 'Signal received'),
    { signal: 'SIGTERM' },
  )
  t.match(
    lines.find(({ msg }) => msg === leftAsTheyAre),
    { level: 'INFO', positionsOpen: 0 },
  )
  t.equal(lines.at(-1)?.msg, 'Bot stopped')
  t.equal(bot.stderr(), '')
}

t.test('SIGTERM while it waits for a gateway', async (t) => {
  const bot = await botProcess(t, at(await freePort()))
  await bot.heard('Gateway port not responding, retrying')
  await endsTidily(t, bot)
})

t.test('SIGTERM while it validates', async (t) => {
  const gateway = await realGateway(t)
  await until(
    () => gateway.loggedIn,
    (is) => is,
    'logged in',
  )
  gateway.fault('handshake', 'A')
  const bot = await botProcess(t, at(gateway.port))
  await bot.heard('Gateway check attempt 1/30')
  await endsTidily(t, bot)
})

t.test('SIGTERM while it trades', async (t) => {
  const gateway = await realGateway(t)
  const bot = await botProcess(t, at(gateway.port))
  await bot.heard(operational)
  await endsTidily(t, bot)
})

t.test('a second bot in the same BOT_STATE_DIR is refused, and the first goes on', async (t) => {
  const gateway = await realGateway(t)
  const settings = { ...at(gateway.port), BOT_STATE_DIR: testFolder(t) }
  const first = await botProcess(t, settings)
  await first.heard(operational)
  const second = await botProcess(t, { ...settings, CLIENT_ID: '2' })
  t.equal(await second.exitCode, 1)
  t.match(
    second.json().find(({ msg }) => msg.startsWith('Failed to initialize trading modules: ')),
    { msg: /another bot uses BOT_STATE_DIR .*: stop it, or give this one a folder of its own/ },
  )
  await endsTidily(t, first)
  const third = await botProcess(t, settings)
  await third.heard(operational)
})

t.test('SIGTERM while it reconnects', async (t) => {
  const gateway = await realGateway(t)
  const bot = await botProcess(t, at(gateway.port))
  await bot.heard(operational)
  await gateway.terminate()
  await bot.heard('Gateway not validated, trying again')
  await endsTidily(t, bot)
})

t.test('SIGTERM with a gateway that answers nothing any more and a webhook that hangs', async (t) => {
  const gateway = await realGateway(t)
  const webhook = await receiver(t, () => {})
  const bot = await botProcess(t, { ...at(gateway.port), DISCORD_WEBHOOK_URL: webhook.url })
  await bot.heard(operational)
  gateway.fault('half-open')
  await endsTidily(t, bot)
})

t.test('the log is JSON lines with level, time, message and version, and without secrets', async (t) => {
  const gateway = await realGateway(t)
  const webhook = await receiver(t, (response) => response.writeHead(404).end())
  const bot = await botProcess(t, {
    ...at(gateway.port),
    DISCORD_WEBHOOK_URL: webhook.url,
    API_TOKEN: 'api-canary-token',
    LOG_LEVEL: 'debug',
  })
  await bot.heard(operational)
  await bot.heard('alert not delivered')
  gateway.fault('drop')
  await bot.heard('Gateway connection lost, Strategy C active')
  await endsTidily(t, bot)
  const lines = bot.json()
  for (const line of lines) {
    t.ok(levels.includes(line.level), line.level)
    t.equal(new Date(line.time).toISOString(), line.time)
    t.ok(typeof line.msg === 'string' && line.msg !== '')
    t.match(line.version, /^\d+\.\d+\.\d+/)
  }
  for (const text of bot.stdout().trim().split('\n'))
    t.equal(text.match(/"version":/g)?.length, 1, 'each field stands once')
  t.notMatch(bot.stdout(), /canary/)
})

t.test(
  'health: 503 before validation, 200 while validated, 503 after a loss; Docker hears 1, 0, 1',
  async (t) => {
    const [port, healthPort] = [await freePort(), await freePort()]
    t.match(await healthCommand(healthPort), { exitCode: 1, printed: /does not answer: ECONNREFUSED/ })
    const env = { ...at(port), BOT_HEALTH_PORT: String(healthPort), GATEWAY_RETRY_INTERVAL: '50ms' }
    const bot = await botProcess(t, env)
    const ask = async () => {
      const answer = await fetch(`http://127.0.0.1:${healthPort}/health`)
      return { status: answer.status, body: (await answer.json()) as BotHealth }
    }
    await bot.heard('Gateway port not responding, retrying')
    t.match(await ask(), {
      status: 503,
      body: { gatewayConnected: false, lastGatewayCheck: null, strategyActive: 'C', positionsOpen: 0 },
    })
    t.match(await healthCommand(healthPort), { exitCode: 1, printed: /"gatewayConnected":false/ })

    const gateway = await realGateway(t, { port })
    await bot.heard(operational)
    const { status, body } = await ask()
    t.match({ status, body }, { status: 200, body: { gatewayConnected: true, lastError: null } })
    t.ok(Math.abs(Date.now() - Date.parse(body.lastGatewayCheck ?? '')) < 60_000)
    t.ok(body.uptimeSeconds >= 0)
    t.match(await healthCommand(healthPort), { exitCode: 0, printed: /"gatewayConnected":true/ })

    await gateway.terminate()
    await bot.heard('Gateway connection lost, Strategy C active')
    t.match(await ask(), { status: 503, body: { gatewayConnected: false, lastError: /./ } })
    t.match(await healthCommand(healthPort), { exitCode: 1 })
    const second = await botProcess(t, env)
    t.equal(await second.exitCode, 1, 'a second bot on the same health port')
    t.match(
      second.json().map(({ msg }) => msg),
      [/./, /./, /Something else listens on 127\.0\.0\.1:\d+\. Is a second bot running\?/],
    )
  },
)
