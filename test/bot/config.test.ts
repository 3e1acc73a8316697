// The bot's configuration: from environment and flags, with faults that name what is wrong, and secrets that are never shown.

import { parseEnv } from 'node:util'
import t from 'tap'
import { BotConfigError, botHelp, parseBotConfig } from '../../src/bot/config.ts'
import { sharedVariables } from '../../src/bot/variables.ts'
import { envExample } from '../../src/config/env-example.ts'
import { variables } from '../../src/config/variables.ts'
import { parseConfig } from '../../src/config.ts'

const bare = { GATEWAY_HOST: 'gateway', GATEWAY_PORT: '4002' }
const managed = { GATEWAY_MANAGER_URL: 'http://127.0.0.1:8080', FOLLOWER_ID: 'alice' }

/** What is wrong, as people read it. */
function faultsOf(env: Record<string, string>, argv: string[] = []): string[] {
  try {
    parseBotConfig(env, argv)
    return []
  } catch (error) {
    if (!(error instanceof BotConfigError)) throw error
    t.equal(error.exitCode, 1)
    return error.message.split('\n')
  }
}

t.test('defaults', async (t) => {
  const { config, secrets, notices } = parseBotConfig(bare, [])
  t.strictSame(config, {
    gateway: { kind: 'bare', host: 'gateway', port: 4002 },
    orchestration: 'native',
    startup: { maxTries: 30, timeoutMs: 300_000, retryIntervalMs: 5_000 },
    clientId: 1,
    gameplanPath: '/data/gameplan.json',
    dryRun: true,
    strategyModules: [],
    strategyCClosesAll: false,
    health: { host: '127.0.0.1', port: 8081 },
    stateDir: 'ibgm-data/bot',
    logLevel: 'info',
  })
  t.strictSame(secrets, {})
  t.strictSame(notices, [])
  t.ok(Object.isFrozen(config) && Object.isFrozen(config.gateway))
})

t.test('every variable, in all its grammar', async (t) => {
  const { config } = parseBotConfig(
    {
      ...bare,
      GATEWAY_STARTUP_TIMEOUT: '120',
      GATEWAY_MAX_RETRIES: '7',
      GATEWAY_RETRY_INTERVAL: '2.5',
      CLIENT_ID: '12',
      ACCOUNT: 'DU1234567',
      DRY_RUN: 'False',
      LOG_LEVEL: 'WARNING',
      BOT_ORCHESTRATION_MODE: 'docker',
      STRATEGY_MODULES: './a.js, /opt/b.mjs',
      STRATEGY_C_CLOSE_ALL: 'true',
      DATA_DIR: '/var/bot-data',
      BOT_HEALTH_HOST: '0.0.0.0',
      BOT_HEALTH_PORT: '0',
    },
    [],
  )
  t.match(config, {
    startup: { maxTries: 7, timeoutMs: 120_000, retryIntervalMs: 2_500 },
    clientId: 12,
    account: 'DU1234567',
    dryRun: false,
    logLevel: 'warn',
    orchestration: 'docker',
    strategyModules: ['./a.js', '/opt/b.mjs'],
    strategyCClosesAll: true,
    stateDir: '/var/bot-data/bot',
    health: { host: '0.0.0.0', port: 0 },
  })
  t.equal(parseBotConfig({ ...bare, LOG_LEVEL: 'CRITICAL' }, []).config.logLevel, 'fatal')
  t.equal(parseBotConfig({ ...bare, BOT_STATE_DIR: '/state' }, []).config.stateDir, '/state')
})

t.test('a missing gateway is told by name [EC-14]', async (t) => {
  t.match(faultsOf({}), [
    /^GATEWAY_HOST: got nothing, takes an address or a host name; or set GATEWAY_MANAGER_URL and FOLLOWER_ID$/,
    /^GATEWAY_PORT: got nothing, takes a whole number from 1 to 65535$/,
  ])
  t.match(faultsOf({ GATEWAY_HOST: 'gateway', GATEWAY_PORT: ' ' }), [/^GATEWAY_PORT: got nothing/])
  t.match(faultsOf({ GATEWAY_MANAGER_URL: managed.GATEWAY_MANAGER_URL }), [/^FOLLOWER_ID: got nothing/])
  t.match(faultsOf({ ...bare, FOLLOWER_ID: 'alice' }), [/^GATEWAY_MANAGER_URL: got nothing/])
})

t.test('every fault is told, one line each [EC-06]', async (t) => {
  const bad: Record<string, string> = {
    GATEWAY_HOST: 'my gateway',
    GATEWAY_PORT: '70000',
    BOT_ORCHESTRATION_MODE: 'swarm',
    GATEWAY_STARTUP_TIMEOUT: 'long',
    GATEWAY_MAX_RETRIES: '0',
    GATEWAY_RETRY_INTERVAL: '-5',
    API_TOKEN: 'canary canary',
    CLIENT_ID: '0',
    ACCOUNT: 'DU 1',
    DRY_RUN: 'no',
    STRATEGY_MODULES: 'a.js,,b.js',
    STRATEGY_C_CLOSE_ALL: '1',
    BOT_HEALTH_HOST: 'a b',
    BOT_HEALTH_PORT: 'http',
    LOG_LEVEL: 'loud',
  }
  const faults = faultsOf(bad)
  t.strictSame(faults.map((line) => line.split(':')[0]).sort(), Object.keys(bad).sort())
  for (const line of faults) t.match(line, /^[A-Z_]+: got .+, takes .+$/)
  t.notMatch(faults.join('\n'), /canary/)
  t.match(faults.join('\n'), /CLIENT_ID: got "0", takes .* 0 is for the check/)
  t.match(faultsOf({ GATEWAY_MANAGER_URL: 'ftp://x', FOLLOWER_ID: 'a/b' }).sort(), [
    /^FOLLOWER_ID: got/,
    /^GATEWAY_HOST: got nothing/,
    /^GATEWAY_MANAGER_URL: got/,
    /^GATEWAY_PORT: got nothing/,
  ])
})

t.test('only the word false lets orders leave', async (t) => {
  const dryRun = (env: Record<string, string>, ...argv: string[]) =>
    parseBotConfig({ ...bare, ...env }, argv).config.dryRun
  for (const text of ['', ' ', 'true', 'TRUE']) t.equal(dryRun({ DRY_RUN: text }), true, `DRY_RUN=${text}`)
  for (const text of ['false', 'FALSE', ' false ']) t.equal(dryRun({ DRY_RUN: text }), false, text)
  for (const text of ['no', '0', 'off', 'falsch']) {
    t.match(faultsOf({ ...bare, DRY_RUN: text }), [/^DRY_RUN: got .*, takes true or false$/])
    t.match(faultsOf(bare, ['--dry-run', text]), [/^--dry-run: got .*, takes true or false$/])
  }
  t.equal(dryRun({ DRY_RUN: 'false' }, '--dry-run'), true, 'alone it means true')
  t.equal(dryRun({ DRY_RUN: 'false' }, '--dry-run', '--gateway-port', '4001'), true)
  t.equal(dryRun({}, '--dry-run', 'false'), false)
  t.equal(dryRun({}, '--dry-run=false'), false)
  t.equal(dryRun({ DRY_RUN: 'false' }, '--dry-run='), false, 'empty is not given')
})

t.test('flags win', async (t) => {
  const { config } = parseBotConfig({ ...bare, GATEWAY_PORT: 'nonsense', GAMEPLAN_PATH: '/a.json' }, [
    '--gateway-host',
    'localhost',
    '--gateway-port=4001',
    '--gameplan-path',
    '/b.json',
  ])
  t.match(config, { gateway: { host: 'localhost', port: 4001 }, gameplanPath: '/b.json' })
  t.match(faultsOf(bare, ['--gateway-port', 'x']), [/^--gateway-port: got "x", takes a whole number/])
  t.match(faultsOf(bare, ['--gateway-port']), [/^--gateway-port: got nothing, takes a value after it$/])
  t.match(faultsOf(bare, ['--live', 'now']), [
    /^command line: got "--live", takes --gateway-host, /,
    /got "now"/,
  ])
  t.match(faultsOf({ GATEWAY_PORT: '4002' }, ['--gateway-host', '']), [/^GATEWAY_HOST: got nothing/])
  t.match(botHelp(['--help']) ?? '', /--dry-run \[true\|false\]/)
  t.equal(botHelp(['--dry-run']), undefined)
})

t.test('beside a manager', async (t) => {
  const { config, secrets, notices } = parseBotConfig(
    { ...managed, API_TOKEN_FILE: '/run/token' },
    [],
    () => 'ibgm_x\n',
  )
  t.strictSame(config.gateway, { kind: 'managed', url: 'http://127.0.0.1:8080', followerId: 'alice' })
  t.strictSame(secrets, { apiToken: 'ibgm_x' })
  t.notMatch(JSON.stringify(config), /ibgm_x/)
  t.strictSame(notices, [])
  t.match(parseBotConfig({ ...managed, ...bare }, []).notices, [/GATEWAY_HOST and GATEWAY_PORT are not used/])
  const elsewhere = { ...managed, GATEWAY_MANAGER_URL: 'http://manager:8080', API_TOKEN: 'ibgm_x' }
  t.match(parseBotConfig(elsewhere, []).notices, [/API_TOKEN crosses the network readable/])
})

t.test('a bad webhook never stops the start [EC-13]', async (t) => {
  const rows: Array<[env: Record<string, string>, notice: RegExp]> = [
    [
      { DISCORD_WEBHOOK_URL: 'canary' },
      /^DISCORD_WEBHOOK_URL: got a value of 6 characters \(not shown\), takes .* log only$/,
    ],
    [{ DISCORD_WEBHOOK_URL: 'https://' }, /takes an https:\/\/ URL/],
    [{ DISCORD_WEBHOOK_URL_FILE: '/no/such/file' }, /^DISCORD_WEBHOOK_URL_FILE: got .*ENOENT/],
    [{ DISCORD_WEBHOOK_URL: 'https://a/b', DISCORD_WEBHOOK_URL_FILE: '/c' }, /takes only one of the two/],
  ]
  for (const [env, notice] of rows) {
    const { secrets, notices } = parseBotConfig({ ...bare, ...env }, [])
    t.strictSame(secrets, {})
    t.match(notices, [notice])
    t.notMatch(notices.join(), /canary/)
  }
  const url = 'https://discord.com/api/webhooks/1/abc'
  t.equal(parseBotConfig({ ...bare, DISCORD_WEBHOOK_URL: url }, []).secrets.discordWebhookUrl, url)
})

t.test('one .env serves the bot and the server', async (t) => {
  const env = parseEnv(envExample())
  t.strictSame(parseBotConfig(env, []).config.gateway, { kind: 'bare', host: '127.0.0.1', port: 4002 })
  t.strictSame(parseBotConfig(env, []).notices, [])
  t.strictSame(parseConfig(env), parseConfig({}), 'to the server it says nothing')
  for (const [name, shared] of Object.entries(sharedVariables))
    t.equal(shared.default, variables[name as keyof typeof sharedVariables].default, name)
})
