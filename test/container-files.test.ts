// Dockerfile, .dockerignore and docker-compose.yml agree with the product and with each other.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { parseBotConfig } from '../src/bot/config.ts'
import { botVariables, sharedVariables } from '../src/bot/variables.ts'
import { variables } from '../src/config/variables.ts'
import { parseConfig } from '../src/config.ts'

const root = join(import.meta.dirname, '..', '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const dockerfile = read('Dockerfile')

/** Variables that make no sense with docker-compose.yml, and why. */
const withoutSense: Readonly<Record<string, string>> = {
  TLS_CERT_FILE: 'the manager listens on 127.0.0.1; a proxy of this machine speaks TLS',
  TLS_KEY_FILE: 'as above',
  RUNTIME: 'gateways are containers; simulated ones too, with compose.demo.yml',
  SIM_LOGIN_SECONDS: 'for simulated gateways in the server',
  SIM_TWOFA_SECONDS: 'as above',
  SIM_RESTART_SECONDS: 'as above',
  GATEWAY_SUBNET: 'the network is made by Compose',
  CREDENTIALS_KEY: 'made in the volume of the manager',
  VAULT_TOKEN: 'the manager has an AppRole',
  VAULT_KV_MOUNT: 'made by `init`, with its policy',
  VAULT_NAMESPACE: 'the Vault of this file has none',
  VAULT_CACERT: 'the Vault of this file is reached over loopback, without TLS',
  BARS_DIR: 'in the volume of the manager',
}

/** What compose hands to the manager when nothing is set: `${NAME:-default}` is its default, `${NAME:+text}` is nothing. */
function environmentOf(service: { environment: Record<string, string> }): Record<string, string> {
  const entries = Object.entries(service.environment)
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      String(value)
        .replace(/\$\{\w+:-(.*)\}/, '$1')
        .replace(/\$\{\w+:\+.*\}/, ''),
    ]),
  )
}

t.test('the manager of docker-compose.yml', async (t) => {
  const { services, volumes } = parse(read('docker-compose.yml'))
  const { manager } = services
  const env = environmentOf(manager)
  const { config } = parseConfig(env, (path) =>
    `the secret of ${path}`.replace(/.*mongodb-url/, 'mongodb://x'),
  )
  t.strictSame(
    Object.keys(env).filter((name) => !(name.replace(/(?<!TLS.*)_FILE$/, '') in variables)),
    [],
    'every variable is one of ours',
  )
  t.equal(config.fleet.gatewayImage, variables.GATEWAY_IMAGE.default)
  t.equal(config.http.host, '127.0.0.1')
  t.match(manager, { build: '.', init: true, network_mode: 'host' })
  const graceMs = Number(/^\$\{STOP_GRACE_PERIOD:-(\d+)s\}$/.exec(manager.stop_grace_period)?.[1]) * 1000
  t.ok(graceMs > config.fleet.shutdownTimeoutMs, 'time to log the gateways out')
  t.match(config, { store: { kind: 'mongodb' }, credentials: { kind: 'vault' } })
  t.ok(manager.volumes.includes(`data:${config.dataDir}`) && 'data' in volumes)
  t.match(dockerfile, `DATA_DIR=${config.dataDir}`)
})

t.test(
  'every variable of the manager is passed on or set by docker-compose.yml, or makes no sense there',
  async (t) => {
    const { environment } = parse(read('docker-compose.yml')).services.manager
    const [settings = ''] = /^Settings come from[\s\S]*?(?=^## )/m.exec(read('docs/compose.md')) ?? []
    for (const [name, variable] of Object.entries<{ default?: string; secret?: true }>(variables)) {
      const written: string[] = [name, `${name}_FILE`].flatMap((each) =>
        each in environment ? [String(environment[each])] : [],
      )
      const [passed = ''] = written.filter((value) => value.includes(`\${${name}:`))
      if (passed === '') t.match(settings, `\`${name}\``, `docs/compose.md says what becomes of ${name}`)
      t.equal(name in withoutSense, written.length === 0, `${name} has one place`)
      const [, fallback = ''] = /:-(.+)\}$/.exec(passed) ?? []
      if (fallback && variable.default !== undefined)
        t.equal(fallback, variable.default, `default of ${name}`)
      if (variable.secret && passed && !['API_TOKENS', 'OTEL_EXPORTER_OTLP_HEADERS'].includes(name))
        t.match(passed, /^\$\{\w+:\+\/run\/ibgm-secrets\/[\w-]+\}$/, `${name} comes in a file`)
    }
  },
)

t.test('the webhooks are given to `init`, which gives them to the manager as files', async (t) => {
  const { services, secrets } = parse(read('docker-compose.yml'))
  for (const [name, kind] of Object.entries({
    DISCORD_WEBHOOK_URL: 'discord',
    ALERT_WEBHOOK_URL: 'alert',
  })) {
    t.ok(
      services.init.secrets.some(
        (secret: { source: string; target: string }) =>
          secret.source === `\${${name}:+${kind}-}webhook-url` && secret.target === `${kind}-webhook-url`,
      ),
      name,
    )
    t.strictSame(secrets[`${kind}-webhook-url`], { environment: name })
  }
  t.notOk(services.init.read_only, 'Compose puts no secret from the environment into a container that is')
  t.strictSame(secrets['webhook-url'], { file: '/dev/null' })
})

t.test(
  'a gateway on this machine is host.docker.internal to the manager of docker-compose.yml',
  async (t) => {
    const { manager } = parse(read('docker-compose.yml')).services
    t.strictSame(manager.extra_hosts, ['host.docker.internal:127.0.0.1'])
    for (const name of Object.keys(variables).filter((name) =>
      /^(IB_(HOST|PORT|CLIENT_ID)|DATA_FOLLOWER|FORWARD_)/.test(name),
    ))
      t.equal(manager.environment[name], `\${${name}:-}`, `${name} is passed on, and empty by default`)
  },
)

t.test('the other services', async (t) => {
  const { services, networks } = parse(read('docker-compose.yml'))
  for (const [name, { image, ports = [] }] of Object.entries<{ image: string; ports?: string[] }>(services)) {
    t.match(image, /:[\w.]+\}?$/, `${name} is named with its tag`)
    for (const port of ports) t.match(port, /^127\.0\.0\.1:/, `${name} is published on 127.0.0.1 alone`)
  }
  const proxy = { user: 'root', read_only: true, cap_drop: ['ALL'], network_mode: 'none' }
  t.match(services['docker-proxy'], proxy)
  t.equal(networks.gateways.driver_opts['com.docker.network.bridge.enable_icc'], 'false')
})

t.test('the profile `bot`: a gateway and the trading bot, and neither in a plain `up`', async (t) => {
  const { services, secrets, networks } = parse(read('docker-compose.yml'))
  const { gateway, 'trading-bot': bot } = services
  for (const name of ['gateway', 'trading-bot', 'gateway-settings'])
    t.strictSame(services[name].profiles, ['bot'], name)
  t.equal(gateway.image, `\${GATEWAY_IMAGE:-${variables.GATEWAY_IMAGE.default}}`)
  t.match(gateway, {
    container_name: 'ib-gateway',
    restart: 'unless-stopped',
    environment: { TRADING_MODE: 'paper', TWS_PASSWORD_FILE: '/run/secrets/ibkr-password' },
    healthcheck: { interval: '10s', timeout: '5s', retries: 5, start_period: '60s' },
    ports: [/^127\.0\.0\.1:.*4002.*:4004$/],
    networks: ['trading-network'],
  })
  t.match(gateway.healthcheck.test.join(' '), 'localhost/4002')
  t.match(bot, {
    build: { context: '.', target: 'bot' },
    container_name: 'trading-bot',
    restart: 'unless-stopped',
    user: '1000:1000',
    depends_on: { gateway: { condition: 'service_healthy' } },
    healthcheck: { interval: '60s', timeout: '10s', start_period: '120s', retries: 3 },
    networks: ['trading-network'],
  })
  t.ok(bot.volumes.includes('./data:/data:ro'))
  t.match(networks['trading-network'], { driver: 'bridge' })
  t.match(secrets, {
    'ibkr-password': { environment: 'IBKR_PASSWORD' },
    'discord-webhook-url': { environment: 'DISCORD_WEBHOOK_URL' },
  })
  const written = JSON.stringify([gateway.environment, bot.environment])
  t.notMatch(written, /IBKR_PASSWORD|"\$\{DISCORD_WEBHOOK_URL:?-?\}"/, 'no secret is in an environment')
})

t.test('the trading bot of docker-compose.yml', async (t) => {
  const env = environmentOf(parse(read('docker-compose.yml')).services['trading-bot'])
  const known = { ...botVariables, ...sharedVariables }
  t.strictSame(
    Object.keys(env).filter((name) => !(name.replace(/_FILE$/, '') in known)),
    [],
    'every variable is one of ours',
  )
  t.match(parseBotConfig(env, []), {
    config: {
      gateway: { kind: 'bare', host: 'gateway', port: 4004 },
      orchestration: 'docker',
      gameplanPath: '/data/gameplan.json',
      dryRun: true,
      stateDir: '/state',
    },
    secrets: { discordWebhookUrl: undefined },
    notices: [],
  })
})

t.test('what CI changes of it', async (t) => {
  const { services, ...rest } = parse(read('.ci/services/compose.yml'))
  t.strictSame(rest, {})
  const { init, ...standIns } = services
  t.strictSame(init, { environment: { MONGODB_URL_OPTIONS: 'authMechanism=PLAIN' } })
  for (const [name, changes] of Object.entries(standIns))
    t.strictSame(Object.keys(changes as object).sort(), ['command', 'healthcheck'], name)
})

t.test('the Dockerfile', async (t) => {
  t.notMatch(dockerfile, /^#\s*syntax=|--mount|<<\w/m, 'nothing that an engine without BuildKit lacks')
  t.match(dockerfile, /^USER 1000:1000$/m)
  t.strictSame(
    [...dockerfile.matchAll(/^FROM (\S+) AS (\S+)$/gm)].map(([, from, name]) => [name, from]),
    [
      ['build', `\${NODE_IMAGE}`],
      ['runtime', `\${NODE_IMAGE}`],
      ['bot', 'runtime'],
      ['manager', 'runtime'],
    ],
    'a build without a target makes the manager',
  )
  t.match(
    dockerfile,
    /^HEALTHCHECK --interval=60s --timeout=10s --start-period=120s --retries=3 CMD \["node", "dist\/src\/bot\/health.js"\]$/m,
  )
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
    ([, sources]) => sources?.split(' ') ?? [],
  )
  const sent = [...read('.dockerignore').matchAll(/^!(.+)$/gm)].map(([, path]) => path)
  t.strictSame(
    [...new Set(copied)].sort(),
    sent.sort(),
    'all that is sent is used, and nothing else is needed',
  )
})
