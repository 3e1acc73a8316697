// Edge cases of what the bot is given: gameplans that are missing, bad or changed, webhooks that do not work, variables that are not set.
import { mkdir, rm, truncate, writeFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import { botProcess } from './bot-process.ts'
import { type BotWorld, botWorld, gameplan, ordersAt, realGateway } from './bot-world.ts'
import type { RunningBot } from './running-bot.ts'

const operational = 'Bot operational, Gateway validated'
const missing = 'No gameplan found, defaulting to Strategy C'
const malformed = 'Gameplan malformed, defaulting to Strategy C'
const stale = 'Gameplan is not for today, defaulting to Strategy C'
const lost = 'CRITICAL: Gateway connection lost, Strategy C active'

const order = (quantity: number) =>
  `{ symbol: 'SPY', action: 'BUY', quantity: ${quantity}, orderType: 'MKT', effect: 'open' }`
/** Whatever the account holds. */
const alwaysBuys = `return [${order(2)}]`
const buysOnce = `return turn === 1 ? [${order(2)}] : []`

/** Lets the bot look at the market some times more: a gateway check is logged every few of its turns. */
async function someTurns(bot: RunningBot): Promise<void> {
  await bot.heard('Gateway check passed', bot.count('Gateway check passed') + 2)
}

/** Resolves with why, when the bot has read a gameplan anew and defaulted to C. */
async function readAsBad(bot: RunningBot, event: string, change: () => Promise<unknown>): Promise<string> {
  const count = bot.count(event)
  await change()
  const { level, fields } = await bot.heard(event, count + 1)
  return level === 'warn' ? fields.why : `logged as ${level}`
}

async function tradingWorld(t: Parameters<typeof botWorld>[0], body: string, at?: number) {
  const world = await botWorld(t, at === undefined ? {} : { at })
  const gateway = await world.startGateway()
  const modules = await world.strategy('B', body)
  const start = (env: Record<string, string> = {}) =>
    world.startBot({
      env: { DRY_RUN: 'false', STRATEGY_MODULES: modules, ...env },
      pace: { checkIntervalMs: 2_000 },
    })
  return { world, gateway, start }
}

const planPath = (world: BotWorld) => join(world.dir, 'gameplan.json')

t.test('EC-11 Gameplan JSON missing: bot defaults to Strategy C, logs warning', async (t) => {
  const { world, gateway, start } = await tradingWorld(t, alwaysBuys)
  const bot = await start()
  t.match((await bot.heard(operational)).fields, { strategy: 'C' })
  t.match(await bot.heard(missing), { level: 'warn', fields: { why: /There is no .*gameplan\.json/ } })
  await someTurns(bot)
  t.equal(bot.bot.health().strategyActive, 'C')
  t.equal(await bot.healthStatus(), 200, 'the gateway is validated all the same')
  t.strictSame(ordersAt(gateway), [])
  await world.writeGameplan()
  await bot.heard('Gameplan loaded')
  await bot.heard('Order sent')
  t.equal(bot.bot.health().strategyActive, 'B', 'a gameplan that comes later counts')
})

t.test('EC-12 Gameplan JSON malformed: bot rejects invalid gameplan, defaults to Strategy C', async (t) => {
  const { world, gateway, start } = await tradingWorld(t, alwaysBuys)
  const write = (text: string) => () => writeFile(planPath(world), text)
  const now = world.clock.now()
  await write('{"date": "2026-03-18", "strategy"')()
  const bot = await start()
  t.match(await bot.heard(malformed), { level: 'warn', fields: { why: /is not JSON/ } })
  await bot.heard(operational)
  const bad: Array<[what: string, text: string, why: RegExp]> = [
    ['wrong types', gameplan(now, { symbols: 'SPY' }), /symbols/],
    ['NaN', gameplan(now).replace('0.1', 'NaN'), /is not JSON/],
    ['a limit of infinity', gameplan(now).replace('120', '1e999'), /max_single_position/],
    ['a limit that is null', gameplan(now).replace('0.1', 'null'), /max_daily_loss_pct/],
    ['no limits', gameplan(now, { hard_limits: undefined }), /hard_limits/],
    ['no object', '[]', /is no gameplan/],
    ['nothing', '', /is not JSON/],
    ['no UTF-8', '\ufffd', /is not JSON/],
  ]
  for (const [what, text, why] of bad) t.match(await readAsBad(bot, malformed, write(text)), why, what)
  const huge = await readAsBad(bot, malformed, () => truncate(planPath(world), 100 * 1024 * 1024))
  t.match(huge, /larger than 1 MiB/)
  const folder = await readAsBad(bot, malformed, async () => {
    await rm(planPath(world))
    await mkdir(planPath(world))
  })
  t.match(folder, /is a folder/)
  await rm(planPath(world), { recursive: true })
  const old = gameplan(now - 86_400_000)
  t.match(await readAsBad(bot, stale, write(old)), /is for 2026-03-17, and in New York it is 2026-03-18/)
  await someTurns(bot)
  t.strictSame(ordersAt(gateway), [])
  t.match(bot.bot.health(), { strategyActive: 'C', gatewayConnected: true })
})

t.test('EC-12 a gameplan that goes bad while the bot runs closes nothing and opens nothing', async (t) => {
  const { world, gateway, start } = await tradingWorld(t, buysOnce)
  await world.writeGameplan()
  const bot = await start()
  await bot.filled('SPY', 2)
  const why = await readAsBad(bot, malformed, () => writeFile(planPath(world), '{'))
  t.match(why, /is not JSON/)
  await someTurns(bot)
  t.equal(bot.bot.health().strategyActive, 'C')
  t.equal(world.held('SPY'), 2)
  await readAsBad(bot, missing, () => world.removeGameplan())
  await someTurns(bot)
  await world.writeGameplan({ strategy: 'A' })
  const unknown = await bot.heard('Unknown strategy in gameplan, defaulting to Strategy C')
  t.match(unknown.fields, { why: /names strategy A, which no module provides; there is B, C/ })
  await someTurns(bot)
  t.strictSame(ordersAt(gateway), ['BUY 2 SPY'])
  t.equal(world.held('SPY'), 2)
})

t.test('EC-12 hard limits that are lowered while the bot runs hold for the next order', async (t) => {
  const { world, gateway, start } = await tradingWorld(
    t,
    `return moment.positions.length === 0 || turn > 3 ? [${order(3)}] : []`,
  )
  await world.writeGameplan({ hard_limits: { max_daily_loss_pct: 0.1, max_single_position: 2 } })
  const bot = await start()
  t.match((await bot.heard('Order refused')).fields, {
    code: 'ORDER_REFUSED',
    reason: /could make a position of 3 .*max_single_position is 2/,
  })
  t.strictSame(ordersAt(gateway), [])
  await world.writeGameplan({ hard_limits: { max_daily_loss_pct: 0.1, max_single_position: 3 } })
  await bot.filled('SPY', 3)
  const refused = bot.count('Order refused')
  await bot.heard('Order refused', refused + 2)
  t.strictSame(ordersAt(gateway), ['BUY 3 SPY'])
})

t.test('EC-13 Discord webhook URL invalid: alerts fail silently (don’t crash bot)', async (t) => {
  const { start } = await tradingWorld(t, 'return []')
  const { port } = await realGateway(t)
  t.comment('not a URL')
  const bot = await botProcess(t, {
    GATEWAY_HOST: '127.0.0.1',
    GATEWAY_PORT: String(port),
    DISCORD_WEBHOOK_URL: 'discord-canary-token',
  })
  await bot.heard(operational)
  t.match(
    bot.json().find(({ level, msg }) => level === 'WARN' && msg.startsWith('DISCORD_WEBHOOK_URL')),
    { msg: /takes an https:\/\/ URL.*alerts go to the log only/ },
  )
  t.notMatch(bot.stdout() + bot.stderr(), 'canary')
  await bot.heard('Alert: Bot started successfully')
  t.equal((await bot.terminate()).exitCode, 0)

  t.comment('nothing listens there')
  const deaf = await start({ DISCORD_WEBHOOK_URL: 'http://127.0.0.1:1/api/webhooks/1/canary-token' })
  await deaf.heard(operational)
  const undelivered = await deaf.heard('alert not delivered')
  t.equal(undelivered.level, 'warn')
  t.notMatch(JSON.stringify(deaf.lines), 'canary')
  t.equal(await deaf.healthStatus(), 200)
  t.equal(await deaf.stop(), 0)
})

const answers = {
  'answers 500': (response: ServerResponse) => response.writeHead(500).end(),
  'answers 404': (response: ServerResponse) => response.writeHead(404).end(),
  'never answers': () => {},
  'hangs up': (response: ServerResponse) => response.destroy(),
}

for (const [what, webhook] of Object.entries(answers))
  t.test(`EC-13 a webhook that ${what} never holds up the bot`, async (t) => {
    const { world, gateway } = await tradingWorld(t, 'return []')
    const bot = await world.startBot({ webhook })
    await bot.heard(operational)
    await bot.heard('alert not delivered')
    t.equal(await bot.healthStatus(), 200)
    await world.crash(gateway)
    await bot.heard('Strategy C active: cash preservation')
    t.equal(await bot.healthStatus(), 503)
    await world.startGateway()
    await bot.heard('Strategy C has nothing left to close, the gameplan counts again')
    t.equal(await bot.healthStatus(), 200)
    t.notMatch(
      bot.lines.map(
        ({ message, fields }) => `${message} ${fields.err?.message} ${fields.err?.cause?.message}`,
      ),
      /canary/,
    )
    t.equal(await bot.stop(), 0)
    t.ok(bot.told().includes(lost), 'it was tried')
  })

t.test('EC-14 Environment variables missing: bot fails fast with clear error messages', async (t) => {
  const cases: Array<[env: Record<string, string>, named: RegExp[]]> = [
    [{}, [/^GATEWAY_HOST: got nothing/m, /^GATEWAY_PORT: got nothing/m]],
    [{ GATEWAY_HOST: 'gateway' }, [/^GATEWAY_PORT: got nothing/m]],
    [{ GATEWAY_PORT: '4002' }, [/^GATEWAY_HOST: got nothing/m]],
    [{ GATEWAY_MANAGER_URL: 'http://127.0.0.1:8080' }, [/^FOLLOWER_ID: got nothing/m]],
    [{ FOLLOWER_ID: 'alice' }, [/^GATEWAY_MANAGER_URL: got nothing/m]],
    [
      { GATEWAY_HOST: ' ', GATEWAY_PORT: '', DRY_RUN: 'perhaps', CLIENT_ID: '0', LOG_LEVEL: 'loud' },
      [/^GATEWAY_HOST/m, /^GATEWAY_PORT/m, /^DRY_RUN.*perhaps/m, /^CLIENT_ID.*"0"/m, /^LOG_LEVEL.*loud/m],
    ],
  ]
  const bots = await Promise.all(cases.map(([env]) => botProcess(t, env)))
  for (const [index, bot] of bots.entries()) {
    const [env, named] = cases[index] ?? [{}, []]
    t.equal(await bot.exitCode, 1, JSON.stringify(env))
    for (const name of named) t.match(bot.stderr(), name)
    t.equal(bot.stdout(), '', 'nothing was begun')
  }
})

t.test(
  'what trading needs and does not get ends the start before anything is sent, and a person is told',
  async (t) => {
    const { world, gateway } = await tradingWorld(t, 'return []')
    await writeFile(join(world.dir, 'a-file'), '')
    const broken = await world.strategy('broken', '}')
    const cases: Array<[env: Record<string, string>, why: RegExp]> = [
      [{ STRATEGY_MODULES: join(world.dir, 'nowhere.mjs') }, /nowhere\.mjs did not load/],
      [{ STRATEGY_MODULES: broken }, /broken\.mjs did not load/],
      [
        { STRATEGY_MODULES: await world.strategy('C', 'return []') },
        /calls its strategy C, which is the bot's own/,
      ],
      [{ BOT_STATE_DIR: join(world.dir, 'a-file') }, /Give it a BOT_STATE_DIR that it may write to/],
      [{ ACCOUNT: 'DU7654321' }, /account DU7654321 is not there/],
    ]
    for (const [env, why] of cases) {
      const bot = await world.startBot({ env })
      t.equal(await bot.ended, 1)
      const failure = bot
        .messages()
        .find((message) => message.startsWith('Failed to initialize trading modules: '))
      t.match(failure, why)
      const [head = ''] = bot.told()
      t.match(head, /^CRITICAL: Bot initialization failed: /)
      t.match((await bot.toldAs(head)).text, why)
      t.equal(bot.count(operational), 0)
    }
    t.strictSame(ordersAt(gateway), [])
  },
)
