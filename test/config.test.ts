// From the environment to the configuration: defaults, grammar, faults told together, secrets never shown.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import t from 'tap'
import { botVariables } from '../src/bot/variables.ts'
import { envExample } from '../src/config/env-example.ts'
import { variables } from '../src/config/variables.ts'
import { ConfigError, parseConfig } from '../src/config.ts'
import { makeCertificate } from './certificate.ts'

const root = join(import.meta.dirname, '..', '..')
const key = Buffer.alloc(32, 7).toString('base64')

/** What is wrong with `env`, as people read it. */
function faultsOf(env: Record<string, string>, readFile?: (path: string) => string): string[] {
  try {
    parseConfig(env, readFile)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.message.split('\n')
  }
}

t.test('defaults', async (t) => {
  const { config, secrets, notices } = parseConfig({})
  t.strictSame(config, {
    http: { host: '127.0.0.1', port: 8080, rateLimit: { limit: 0, windowMs: 1000 } },
    logLevel: 'info',
    dataDir: './ibgm-data',
    onShutdown: 'stop',
    runtime: { kind: 'docker', network: 'ibgm-gateways' },
    store: { kind: 'embedded' },
    credentials: { kind: 'embedded' },
    fleet: {
      ports: { from: 4100, to: 4200 },
      clientIds: { from: 1000, to: 9999 },
      containerPrefix: 'ibgateway-follower',
      gatewayImage: 'ghcr.io/gnzsnz/ib-gateway:10.45.1j',
      memoryMb: 2048,
      launchConcurrency: 4,
      maxStartupMs: 120_000,
      twofaTimeoutMs: 180_000,
      twofaMaxPushes: 3,
      loginBudgetRejected: { limit: 3, windowMs: 86_400_000 },
      loginBudgetStarts: { limit: 6, windowMs: 900_000 },
      crashLoop: { limit: 5, windowMs: 600_000 },
      shutdownTimeoutMs: 60_000,
    },
    monitor: { intervalMs: 30_000 },
    ibRegion: 'america',
    session: {
      heartbeatIntervalMs: 30_000,
      heartbeatTimeoutMs: 10_000,
      reconnectAttempts: 5,
      reconnectWindowMs: 60_000,
    },
    marketData: {
      source: { kind: 'none' },
      firstClientId: 1,
      barsDir: 'ibgm-data/bars',
      scanIntervalMs: 300_000,
      maxGapAgeDays: 30,
      batchSize: 5,
      minRequestDelayMs: 500,
      pacing: 'strict',
    },
  })
  t.strictSame(secrets, {})
  t.strictSame(notices, [])
  t.ok(Object.isFrozen(config) && Object.isFrozen(config.fleet.crashLoop))
})

t.test('.env.example is what the table says, and its values are the defaults', async (t) => {
  const file = readFileSync(join(root, '.env.example'), 'utf8')
  const print = "import('./dist/src/config/env-example.js').then((m) => process.stdout.write(m.envExample()))"
  t.equal(file, envExample(), `if not, write it again: node -e "${print}" > .env.example`)
  const everyLine = file.replaceAll(/^#([A-Z_]+=)/gm, '$1')
  const names = [...everyLine.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name)
  t.strictSame(names, Object.keys({ ...variables, ...botVariables }), 'each once')
  t.strictSame(parseConfig(parseEnv(everyLine)), parseConfig({}), 'an empty variable counts as unset')
})

t.test('figures and traces go to the collector, or each to an address of its own', async (t) => {
  const collector = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318/' }
  t.strictSame(parseConfig(collector).config.telemetry, {
    serviceName: 'ib-gateway-manager',
    metricsUrl: 'http://127.0.0.1:4318/v1/metrics',
    tracesUrl: 'http://127.0.0.1:4318/v1/traces',
    metricIntervalMs: 60_000,
  })
  const apart = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces.example/in', OTEL_SERVICE_NAME: 'desk' }
  t.strictSame(parseConfig(apart).config.telemetry, {
    serviceName: 'desk',
    tracesUrl: 'https://traces.example/in',
    metricIntervalMs: 60_000,
  })
  t.equal(parseConfig({ ...collector, OTEL_SDK_DISABLED: 'true' }).config.telemetry, undefined)
  const { secrets } = parseConfig({
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20s3cret, x-tenant=a=b',
  })
  t.strictSame(secrets.collectorHeaders, { authorization: 'Bearer s3cret', 'x-tenant': 'a=b' })
  t.strictSame(
    faultsOf({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'grpc://collector:4317',
      OTEL_EXPORTER_OTLP_HEADERS: 'Bearer s3cret',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://me:s3cret@collector',
      OTEL_TRACES_SAMPLER_ARG: '2',
    }).map((fault) => fault.slice(0, fault.indexOf(':'))),
    [
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
      'OTEL_EXPORTER_OTLP_HEADERS',
      'OTEL_TRACES_SAMPLER_ARG',
    ],
  )
  t.strictSame(faultsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://me:s3cret@collector' }), [
    'OTEL_EXPORTER_OTLP_ENDPOINT: got "http://…@collector", takes an http:// or https:// URL without a login',
  ])
})

t.test('what a variable takes', async (t) => {
  const { config, secrets } = parseConfig({
    HOST: '::1',
    PORT: ' 0 ',
    LOG_LEVEL: 'WARNING',
    MANAGER_ID: 'desk-1',
    ON_SHUTDOWN: 'leave',
    DOCKER_HOST: 'tcp://127.0.0.1:2375',
    GATEWAY_SUBNET: '172.30.0.0/22',
    PORT_RANGE_START: '5000',
    PORT_RANGE_END: '5000',
    HEALTHCHECK_INTERVAL: '0.5',
    HEARTBEAT_INTERVAL: '0',
    HEARTBEAT_TIMEOUT: '250ms',
    MAX_STARTUP_TIME: '2m',
    TWOFA_TIMEOUT: '1.5 m',
    SHUTDOWN_TIMEOUT: '1h',
    LOGIN_BUDGET_REJECTED: '0',
    LOGIN_BUDGET_STARTS: '10',
    CRASH_LOOP_LIMIT: '2 per 90',
    CREDENTIALS_KEY: key,
  })
  t.match(config, {
    http: { host: '::1', port: 0 },
    logLevel: 'warn',
    managerId: 'desk-1',
    onShutdown: 'leave',
    runtime: { kind: 'docker', dockerHost: 'tcp://127.0.0.1:2375', subnet: '172.30.0.0/22' },
    fleet: {
      ports: { from: 5000, to: 5000 },
      maxStartupMs: 120_000,
      twofaTimeoutMs: 90_000,
      shutdownTimeoutMs: 3_600_000,
      loginBudgetRejected: { limit: 0, windowMs: 86_400_000 },
      loginBudgetStarts: { limit: 10, windowMs: 900_000 },
      crashLoop: { limit: 2, windowMs: 90_000 },
    },
    monitor: { intervalMs: 500 },
    session: { heartbeatIntervalMs: 0, heartbeatTimeoutMs: 250 },
  })
  t.strictSame(secrets.credentialsKey, Buffer.alloc(32, 7))
  t.equal(parseConfig({ LOG_LEVEL: 'critical' }).config.logLevel, 'fatal')
  const simulated = parseConfig({ RUNTIME: 'simulated', SIM_LOGIN_SECONDS: '0.2', SIM_TWOFA_SECONDS: '5' })
  t.strictSame(simulated.config.runtime, {
    kind: 'simulated',
    pace: { loginSeconds: 0.2, twofaSeconds: 5, restartSeconds: 10 },
  })
})

t.test('every fault is told, one line each', async (t) => {
  const bad: Record<string, string> = {
    HOST: 'my host',
    API_TOKENS: 'anna:boss:canary',
    RATE_LIMIT: 'some',
    PORT: '70000',
    LOG_LEVEL: 'loud',
    ON_SHUTDOWN: 'explode',
    MANAGER_ID: '-x',
    RUNTIME: 'podman',
    DOCKER_HOST: 'ssh://host',
    GATEWAY_IMAGE: 'a b',
    GATEWAY_NETWORK: 'host',
    GATEWAY_SUBNET: '300.0.0.0/22',
    PORT_RANGE_START: '0',
    PORT_RANGE_END: '4e3',
    CLIENT_ID_RANGE_END: '-1',
    CONTAINER_PREFIX: '../x',
    GATEWAY_MEMORY_MB: '2G',
    LAUNCH_CONCURRENCY: '0',
    SIM_LOGIN_SECONDS: 'fast',
    HEALTHCHECK_INTERVAL: '0',
    HEARTBEAT_INTERVAL: '1 day',
    HEARTBEAT_TIMEOUT: '-1',
    MAX_STARTUP_TIME: '1e9',
    TWOFA_MAX_PUSHES: '1.5',
    RECONNECT_WINDOW: '99999h',
    LOGIN_BUDGET_REJECTED: '3 per',
    LOGIN_BUDGET_STARTS: '3 per 0s',
    CRASH_LOOP_LIMIT: 'many',
    CREDENTIALS_KEY: 'canary',
  }
  const faults = faultsOf(bad)
  t.strictSame(faults.map((line) => line.split(':')[0]).sort(), Object.keys(bad).sort())
  for (const line of faults) t.match(line, /^[A-Z_]+: got .+, takes .+$/)
  t.ok(faults.includes('PORT: got "70000", takes a whole number from 0 to 65535'))
  t.match(
    faults.join('\n'),
    /CREDENTIALS_KEY: got a value of 6 characters \(not shown\), takes 32 bytes in base64/,
  )
  t.notMatch(faults.join('\n'), /canary/)
  t.strictSame(
    faultsOf({ PORT: 'x\ny' }),
    ['PORT: got "x\\ny", takes a whole number from 0 to 65535'],
    'one line',
  )
})

t.test('values that contradict each other', async (t) => {
  t.strictSame(faultsOf({ PORT_RANGE_START: '4300', CLIENT_ID_RANGE_END: '999' }), [
    'PORT_RANGE_END: got 4200, takes a number not below PORT_RANGE_START, which is 4300',
    'CLIENT_ID_RANGE_END: got 999, takes a number not below CLIENT_ID_RANGE_START, which is 1000',
  ])
})

t.test('who may come in', async (t) => {
  const hash = 'ab'.repeat(32)
  const tokens = `anna:admin:${hash}`
  const { config, secrets } = parseConfig({ HOST: '0.0.0.0', API_TOKENS: tokens })
  t.match(config.http, { host: '0.0.0.0', rateLimit: { limit: 100, windowMs: 1000 } })
  t.strictSame(secrets.tokens, [{ name: 'anna', role: 'admin', hash: Buffer.from(hash, 'hex') }])
  t.notMatch(JSON.stringify(config), hash, 'the configuration may be shown')
  t.strictSame(parseConfig({ RATE_LIMIT: '20 per 1m' }).config.http.rateLimit, {
    limit: 20,
    windowMs: 60_000,
  })
  t.equal(parseConfig({ HOST: '::', API_TOKENS: tokens, RATE_LIMIT: 'off' }).config.http.rateLimit.limit, 0)
  const fromFile = parseConfig({ API_TOKENS_FILE: '/run/tokens' }, () => `# the desk\n\n${tokens}\n`)
  t.equal(fromFile.config.http.tokensFile, '/run/tokens')
  t.equal(fromFile.secrets.tokens?.length, 1)

  for (const HOST of ['0.0.0.0', '::', '192.168.1.7', 'manager.example']) {
    t.match(faultsOf({ HOST }), [/^HOST: got .+, takes 127\.0\.0\.1, localhost, ::1, or any address once /])
    t.match(parseConfig({ HOST, API_TOKENS: tokens }).notices, [/readable/], 'a warning without TLS')
  }
  t.match(faultsOf({ API_TOKENS: tokens, API_TOKENS_FILE: '/run/tokens' }), [/takes only one of the two/])
  t.match(
    faultsOf({ API_TOKENS_FILE: '/run/tokens' }, () => '# nobody yet\n'),
    [/^API_TOKENS_FILE: got a value of .* \(not shown\), takes name:role/],
  )
})

t.test('certificate and key', async (t) => {
  const ours = await makeCertificate(t)
  const theirs = await makeCertificate(t)
  const { secrets, notices } = parseConfig({ TLS_CERT_FILE: ours.certFile, TLS_KEY_FILE: ours.keyFile })
  t.match(secrets.tls, { cert: /BEGIN CERTIFICATE/, key: /PRIVATE KEY/ })
  t.strictSame(notices, [])
  const rows: Array<[env: Record<string, string>, fault: RegExp]> = [
    [{ TLS_CERT_FILE: ours.certFile }, /^TLS_KEY_FILE: got nothing, takes the path of/],
    [{ TLS_KEY_FILE: ours.keyFile }, /^TLS_CERT_FILE: got nothing, takes the path of/],
    [
      { TLS_CERT_FILE: '/none.pem', TLS_KEY_FILE: ours.keyFile },
      /^TLS_CERT_FILE: got "\/none.pem" \(ENOENT\)/,
    ],
    [{ TLS_CERT_FILE: ours.keyFile, TLS_KEY_FILE: ours.keyFile }, /^TLS_CERT_FILE: got ".+" \(.+\), takes/],
    [{ TLS_CERT_FILE: ours.certFile, TLS_KEY_FILE: ours.certFile }, /^TLS_KEY_FILE: got ".+" \(.+\), takes/],
    [{ TLS_CERT_FILE: ours.certFile, TLS_KEY_FILE: theirs.keyFile }, /^TLS_KEY_FILE: got the key of another/],
  ]
  for (const [env, fault] of rows) t.match(faultsOf(env), [fault])
})

t.test('secrets from files', async (t) => {
  const files: Record<string, string> = { '/run/key': `${key}\n`, '/run/empty': '' }
  const readFile = (path: string) => {
    const text = files[path]
    if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
    return text
  }
  const { secrets } = parseConfig({ CREDENTIALS_KEY_FILE: '/run/key' }, readFile)
  t.strictSame(secrets.credentialsKey, Buffer.alloc(32, 7))
  t.strictSame(faultsOf({ CREDENTIALS_KEY_FILE: '/run/none' }, readFile), [
    'CREDENTIALS_KEY_FILE: got "/run/none" (ENOENT), takes a readable file',
  ])
  t.match(faultsOf({ CREDENTIALS_KEY_FILE: '/run/empty' }, readFile), [
    /^CREDENTIALS_KEY_FILE: got a value of 0/,
  ])
  t.match(faultsOf({ CREDENTIALS_KEY: key, CREDENTIALS_KEY_FILE: '/run/key' }, readFile), [/takes only one/])
})

t.test('market data: a gateway that we do not manage, or a follower of ours, or neither', async (t) => {
  t.strictSame(parseConfig({}).config.marketData.source, { kind: 'none' })
  t.strictSame(parseConfig({ IB_HOST: 'host.docker.internal', IB_PORT: '4003' }).config.marketData.source, {
    kind: 'gateway',
    host: 'host.docker.internal',
    port: 4003,
  })
  t.strictSame(parseConfig({ DATA_FOLLOWER: 'alpha' }).config.marketData.source, {
    kind: 'follower',
    followerId: 'alpha',
  })
  t.match(faultsOf({ IB_HOST: 'localhost' }), [/^IB_PORT: got nothing beside IB_HOST/])
  t.match(faultsOf({ IB_PORT: '4002' }), [/^IB_HOST: got nothing beside IB_PORT/])
  t.match(faultsOf({ DATA_FOLLOWER: 'alpha', IB_HOST: 'localhost', IB_PORT: '4002' }), [
    /^DATA_FOLLOWER: got/,
  ])
  t.equal(parseConfig({ DATA_DIR: '/data' }).config.marketData.barsDir, '/data/bars')
  t.match(faultsOf({ IB_PACING: 'fast' }), [/^IB_PACING: got "fast", takes strict or relaxed$/])
  t.match(faultsOf({ IB_CLIENT_ID: '51', IB_HOST: 'a', IB_PORT: '1' }), [/^IB_CLIENT_ID/])
})

t.test('the store: MongoDB by its connection string, which is never shown', async (t) => {
  t.strictSame(parseConfig({}).config.store, { kind: 'embedded' })
  const { config, secrets } = parseConfig({
    MONGODB_URL: 'mongodb://u:canary@127.0.0.1/?a=b',
    MONGODB_DB: 'mine',
  })
  t.strictSame(config.store, { kind: 'mongodb', database: 'mine' })
  t.equal(secrets.mongodbUrl, 'mongodb://u:canary@127.0.0.1/?a=b')
  t.notMatch(JSON.stringify(config), /canary/)
  t.notMatch(faultsOf({ MONGODB_URL: 'postgres://u:canary@h/' }).join(), /canary/)
  t.match(faultsOf({ MONGODB_DB: 'a/b' }), [/^MONGODB_DB/])
})

t.test('credentials: Vault follows its address, with one way to log in', async (t) => {
  const address = { VAULT_ADDR: 'https://vault:8200' }
  const token = { ...address, VAULT_TOKEN: 'canary' }
  t.match(parseConfig(token), {
    config: { credentials: { kind: 'vault', address: 'https://vault:8200', mount: 'secret' } },
    secrets: { vaultLogin: { kind: 'token', token: 'canary' } },
  })
  t.match(parseConfig({ ...address, VAULT_ROLE_ID: 'r', VAULT_SECRET_ID: 's' }).secrets.vaultLogin, {
    kind: 'approle',
  })
  t.strictSame(parseConfig({ ...token, VAULT_ENABLED: 'false' }).config.credentials, { kind: 'embedded' })
  t.match(faultsOf({ VAULT_ENABLED: 'true' }), [/^VAULT_ADDR: got nothing/, /^VAULT_TOKEN: got nothing/])
  t.match(faultsOf(address), [/^VAULT_TOKEN: got nothing, takes a token, or/])
  t.match(faultsOf({ ...address, VAULT_ROLE_ID: 'r' }), [/^VAULT_SECRET_ID: got nothing/])
  t.match(faultsOf({ ...token, VAULT_ROLE_ID: 'r' }), [/^VAULT_TOKEN: got a token and an AppRole/])
  const twice = faultsOf({ ...token, VAULT_TOKEN_FILE: '/run/token' })
  t.match(twice, [/^VAULT_TOKEN: got a value and VAULT_TOKEN_FILE/])
  t.equal(twice.length, 1, 'what follows from a fault is none')
  t.match(faultsOf({ ...token, VAULT_CACERT: '/nowhere' }), [/^VAULT_CACERT: .*ENOENT/])
  t.match(faultsOf({ ...token, VAULT_ADDR: 'vault:8200' }), [/^VAULT_ADDR/])
})

t.test(
  'webhooks never stop the start: a bad one is a warning without its value, a good one a secret',
  async (t) => {
    const bad = parseConfig({
      DISCORD_WEBHOOK_URL: 'not a canary url',
      ALERT_WEBHOOK_URL: 'http://canary.example/in-clear',
    })
    t.match(bad.notices, [
      /^DISCORD_WEBHOOK_URL: got a value of 16/,
      /^ALERT_WEBHOOK_URL: .*no alerts are sent there$/,
    ])
    t.notMatch(bad.notices.join(), /canary/)
    t.strictSame(bad.secrets, {})
    t.match(parseConfig({ ALERT_WEBHOOK_URL_FILE: '/nowhere' }).notices, [
      /^ALERT_WEBHOOK_URL_FILE: .*ENOENT/,
    ])
    for (const url of [
      'https://user:canary@example.com/',
      'ftp://example.com',
      'https://',
      'http://10.0.0.1/x',
    ])
      t.equal(parseConfig({ DISCORD_WEBHOOK_URL: url }).notices.length, 1, url)
    const urls = {
      DISCORD_WEBHOOK_URL: 'https://discord.com/api/webhooks/1/canary',
      ALERT_WEBHOOK_URL: 'http://127.0.0.1:9/canary',
    }
    const good = parseConfig(urls)
    t.match(good.secrets, {
      discordWebhookUrl: urls.DISCORD_WEBHOOK_URL,
      alertWebhookUrl: urls.ALERT_WEBHOOK_URL,
    })
    t.strictSame(good.notices, [])
    t.notMatch(JSON.stringify(good.config), /canary/)
  },
)

t.test('variables of other programs are none of ours', async (t) => {
  t.strictSame(faultsOf({ PATH: '/bin', GATEWAY_HOST: 'x', BOT_HEALTH_PORT: 'x', FOLLOWER_ID: '..' }), [])
})

t.test('the public address: http or https, nothing secret in it, no slash at its end', async (t) => {
  const publicUrl = (url: string) => parseConfig({ PUBLIC_URL: url }).config.http.publicUrl
  t.equal(publicUrl('https://ops.example/ibgm/'), 'https://ops.example/ibgm')
  t.equal(publicUrl('http://10.0.0.5:8080'), 'http://10.0.0.5:8080')
  for (const bad of [
    'ops.example',
    'ftp://a.b',
    'https://me:secret@a.b',
    'https://a.b/?token=x',
    'https://a.b/#x',
    'https://a b',
    'https://a.b/<c>',
  ])
    t.throws(() => publicUrl(bad), { message: /PUBLIC_URL/ }, bad)
})
