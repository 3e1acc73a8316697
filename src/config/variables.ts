// Every variable that the server takes: kind, default, and what it means to a person. The one table behind config.ts and .env.example.
import { ibRegions } from '../calendar/ib-maintenance.ts'
import { forwardAllow, forwardListen, forwardTarget } from './forwarding.ts'
import { optional, type ValuesOf, type Variable, withDefault } from './reading.ts'
import { collectorAddress, collectorHeaders } from './telemetry.ts'
import {
  duration,
  key256,
  logLevel,
  matching,
  publicAddress,
  rate,
  seconds,
  subnet,
  tokenList,
  webhookAddress,
  wholeNumber,
  word,
  yesOrNo,
} from './values.ts'

const dockerName = '^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$'
const anyText = matching(/^[^\0]+$/, 'text')

export const variables = {
  HOST: withDefault(
    matching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$|^[0-9A-Fa-f.:]+$/, 'an address or a host name'),
    '127.0.0.1',
    'Address to listen on; without API tokens 127.0.0.1, localhost or ::1 only.',
  ),
  PORT: withDefault(wholeNumber(0, 65535), '8080', 'Port of API and dashboard; 0 takes any free one.'),
  PUBLIC_URL: optional(
    publicAddress,
    'Address under which people reach the server, for links in alerts; where it listens when unset.',
  ),
  LOG_LEVEL: withDefault(logLevel, 'info', 'trace, debug, info, warn, error, fatal or silent.'),
  DATA_DIR: withDefault(
    anyText,
    './ibgm-data',
    'Folder of everything the manager keeps; one manager per folder.',
  ),
  ON_SHUTDOWN: withDefault(
    word('stop', 'leave'),
    'stop',
    'What becomes of the gateways when the manager ends: stop them, or leave them running to be adopted at the next start.',
  ),
  MANAGER_ID: optional(
    matching(new RegExp(dockerName), 'up to 63 letters, digits, `_`, `.` or `-`, a letter or digit first'),
    'Name that tells our containers from those of other managers; made once and kept in the store when unset.',
  ),

  MONGODB_URL: {
    kind: matching(/^mongodb(\+srv)?:\/\/[^\s]+$/, 'mongodb://… or mongodb+srv://…'),
    about: 'Connection string of the MongoDB that keeps the records; they are kept in DATA_DIR when unset.',
    secret: true,
  },
  MONGODB_DB: withDefault(
    matching(/^[A-Za-z0-9_-]{1,63}$/, 'up to 63 letters, digits, `_` or `-`'),
    'ibgm',
    'Name of the database.',
  ),

  API_TOKENS: {
    kind: tokenList,
    about:
      'Who may use the API: a name:role:hash for each token, separated by commas (`ibgm token create` makes them; roles are viewer, operator, admin); anybody on this machine when unset. A file has one a line and is read again when it changes.',
    secret: true,
  },
  RATE_LIMIT: optional(
    rate(1000),
    'Requests per token, or per address where none is needed, as N (per second), N per DURATION, or off; off on loopback, else 100, when unset.',
  ),
  TLS_CERT_FILE: optional(
    anyText,
    'Certificate, in PEM, with its chain; with TLS_KEY_FILE the API is https. Read at the start.',
  ),
  TLS_KEY_FILE: optional(anyText, 'Its key, in PEM.'),

  RUNTIME: withDefault(
    word('docker', 'simulated'),
    'docker',
    'Where gateways run: docker, or simulated (made-up gateways inside this process, to try things out).',
  ),
  DOCKER_HOST: optional(
    matching(
      /^(unix:\/\/\/.+|(tcp|http):\/\/[^\s/]+:\d{1,5}\/?)$/,
      'unix:///path, tcp://host:port or http://host:port',
    ),
    'The Docker engine; its default socket when unset.',
  ),
  GATEWAY_IMAGE: withDefault(
    matching(/^[A-Za-z0-9][A-Za-z0-9._/:@-]{0,299}$/, 'an image reference'),
    'ghcr.io/gnzsnz/ib-gateway:10.45.1j',
    'Image of a gateway, unless its follower names another.',
  ),
  GATEWAY_NETWORK: withDefault(
    matching(
      /^(?!(host|bridge|none|default)$)[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/,
      "a network name that is none of Docker's own",
    ),
    'ibgm-gateways',
    'Bridge that all gateways share, made by the manager with traffic between containers off.',
  ),
  GATEWAY_SUBNET: optional(subnet, "Subnet of that bridge; the engine's choice when unset."),
  PORT_RANGE_START: withDefault(
    wholeNumber(1, 65535),
    '4100',
    'First host port for a gateway, on 127.0.0.1.',
  ),
  PORT_RANGE_END: withDefault(wholeNumber(1, 65535), '4200', 'Last such port.'),
  CLIENT_ID_RANGE_START: withDefault(
    wholeNumber(1, 2147483647),
    '1000',
    'First IB API client id for sessions and leases.',
  ),
  CLIENT_ID_RANGE_END: withDefault(wholeNumber(1, 2147483647), '9999', 'Last such client id.'),
  CONTAINER_PREFIX: withDefault(
    matching(new RegExp(dockerName), 'up to 63 letters, digits, `_`, `.` or `-`, a letter or digit first'),
    'ibgateway-follower',
    'Containers are named PREFIX-FOLLOWER.',
  ),
  GATEWAY_MEMORY_MB: withDefault(
    wholeNumber(64, 1048576),
    '2048',
    'Memory limit of a container; the Java heap needs about 700 MB less.',
  ),
  LAUNCH_CONCURRENCY: withDefault(wholeNumber(1, 64), '4', 'Containers created at the same time.'),
  SIM_LOGIN_SECONDS: withDefault(seconds, '1', 'Simulated gateways: how long a login takes.'),
  SIM_TWOFA_SECONDS: withDefault(
    seconds,
    '180',
    'Simulated gateways: how long a 2FA request waits for approval.',
  ),
  SIM_RESTART_SECONDS: withDefault(seconds, '10', 'Simulated gateways: from a soft restart to an open port.'),

  HEALTHCHECK_INTERVAL: withDefault(
    duration(100),
    '30s',
    'Between two looks of the monitor at everything; events are seen at once.',
  ),
  HEARTBEAT_INTERVAL: withDefault(
    duration(50, { zeroIsOff: true }),
    '30s',
    'Between two heartbeats of a session; 0 = off.',
  ),
  HEARTBEAT_TIMEOUT: withDefault(
    duration(50),
    '10s',
    'A heartbeat that is not answered for so long is lost.',
  ),
  MAX_STARTUP_TIME: withDefault(
    duration(1000),
    '120s',
    'From start to RUNNING; the clock stands still while an image is pulled and a 2FA request is open.',
  ),
  TWOFA_TIMEOUT: withDefault(
    duration(1000),
    '180s',
    'How long IB waits for the approval of one 2FA request.',
  ),
  TWOFA_MAX_PUSHES: withDefault(
    wholeNumber(1, 20),
    '3',
    '2FA requests sent to the phone before the gateway is locked.',
  ),
  RECONNECT_ATTEMPTS: withDefault(
    wholeNumber(1, 1000),
    '5',
    'Tries to reopen a lost session before the gateway is restarted.',
  ),
  RECONNECT_WINDOW: withDefault(duration(100), '60s', 'Time for those tries.'),
  SHUTDOWN_TIMEOUT: withDefault(
    duration(100),
    '60s',
    'Time for stopping all gateways at the end; what is left is killed.',
  ),
  LOGIN_BUDGET_REJECTED: withDefault(
    rate(24 * 3_600_000),
    '3 per 24 h',
    'Rejected logins per user name before the gateway is locked; 0 = off.',
  ),
  LOGIN_BUDGET_STARTS: withDefault(
    rate(15 * 60_000),
    '6 per 15 min',
    'Logins started per user name; 0 = off.',
  ),
  CRASH_LOOP_LIMIT: withDefault(
    rate(10 * 60_000),
    '5 per 10 min',
    'Unasked-for ends of a container before the gateway is locked; 0 = off.',
  ),

  IB_REGION: withDefault(
    word(...ibRegions),
    'america',
    "Whose daily reset at IBKR keeps an outage quiet, unless a follower's label `ibRegion` says another.",
  ),
  DISCORD_WEBHOOK_URL: {
    ...optional(
      webhookAddress,
      'Discord webhook for alerts, of the manager and of the trading bot; they go to the log when unset. A bad one is a warning.',
    ),
    secret: true,
  },
  ALERT_WEBHOOK_URL: {
    ...optional(webhookAddress, "The manager's alerts are posted there as JSON. A bad one is a warning."),
    secret: true,
  },

  CREDENTIALS_KEY: {
    kind: key256,
    about:
      'Key of the stored IB logins, 32 bytes in base64 (openssl rand -base64 32); made in DATA_DIR/credentials.key when unset.',
    secret: true,
  },
  VAULT_ENABLED: optional(
    yesOrNo,
    'Whether IB logins come from Vault; follows VAULT_ADDR when unset, and false leaves it unused.',
  ),
  VAULT_ADDR: optional(
    matching(/^https?:\/\/[^\s/@?#]+\/?$/, 'http://host:port or https://host:port'),
    'Vault, where the IB logins are; those in the embedded store are then the copy to fall back to.',
  ),
  VAULT_TOKEN: {
    kind: anyText,
    about: 'Token for Vault, renewed by itself; or an AppRole instead, with the next two.',
    secret: true,
  },
  VAULT_ROLE_ID: { kind: anyText, about: 'AppRole of the manager.', secret: true },
  VAULT_SECRET_ID: { kind: anyText, about: 'Secret id of that AppRole.', secret: true },
  VAULT_KV_MOUNT: withDefault(
    matching(/^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/, 'the path of a KV mount'),
    'secret',
    "Mount of the logins, KV version 1 or 2; a record's vaultSecretRef is relative to it.",
  ),
  VAULT_NAMESPACE: optional(matching(/^[^\s\0]+$/, 'the name of a namespace'), 'Namespace in Vault.'),
  VAULT_CACERT: optional(anyText, "File of the certificates, in PEM, that Vault's own is checked with."),

  IB_HOST: optional(
    matching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$|^[0-9A-Fa-f.:]+$/, 'an address or a host name'),
    'Market data comes from a gateway that we do not manage: its host, with IB_PORT.',
  ),
  IB_PORT: optional(wholeNumber(1, 65535), 'API port of that gateway.'),
  IB_CLIENT_ID: withDefault(
    wholeNumber(1, 50),
    '1',
    'First client id that the data connection tries; when it is taken, the next, up to 50 and from 1 again.',
  ),
  DATA_FOLLOWER: optional(
    matching(new RegExp(dockerName), "a follower's id"),
    'Instead of IB_HOST: the follower whose gateway market data comes from.',
  ),
  BARS_DIR: optional(anyText, 'Folder of the bar files; DATA_DIR/bars when unset.'),
  GAP_SCAN_INTERVAL: withDefault(
    duration(1000),
    '300s',
    'From one look for gaps in the bar files to the next.',
  ),
  GAP_MAX_AGE_DAYS: withDefault(wholeNumber(1, 365), '30', 'Older gaps are left alone.'),
  GAP_BATCH_SIZE: withDefault(wholeNumber(1, 100), '5', 'Series that are filled at the same time.'),
  IB_MIN_REQUEST_DELAY: withDefault(
    duration(0),
    '0.5s',
    'Between two data requests to one gateway; heartbeats never wait.',
  ),
  IB_PACING: withDefault(
    word('strict', 'relaxed'),
    'strict',
    "IB's limits on historical requests: for bars of every size, or (relaxed) for bars of 1 min and more only the one of 50 open requests.",
  ),

  FORWARD_LISTEN: optional(
    forwardListen,
    'Port forwarding, so that containers reach a gateway that listens on loopback only: the port to listen on, like 4003, or address:port; off when unset.',
  ),
  FORWARD_TARGET: withDefault(forwardTarget, '127.0.0.1:4002', 'Where it leads.'),
  FORWARD_INTERFACE: optional(
    matching(/^[^\s/]{1,64}$/, 'the name of a network interface, like docker0'),
    'Interface to listen on; 127.0.0.1 when unset.',
  ),
  FORWARD_ALLOW: optional(
    forwardAllow,
    'Who may come in: networks or addresses, separated by commas; the networks of that interface when unset.',
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(
    collectorAddress,
    'Collector that metrics and traces are sent to, as OTLP over HTTP (JSON), like http://127.0.0.1:4318; nothing is sent when unset. The other OTEL_ variables of the SDK count too.',
  ),
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: optional(
    collectorAddress,
    'Another address for metrics alone, taken as it is; without it /v1/metrics of the collector.',
  ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: optional(
    collectorAddress,
    'Another address for traces alone, taken as it is; without it /v1/traces of the collector.',
  ),
  OTEL_EXPORTER_OTLP_HEADERS: {
    kind: collectorHeaders,
    about: 'Headers of each request to it, like authorization=Bearer%20secret, separated by commas.',
    secret: true,
  },
  OTEL_SERVICE_NAME: withDefault(anyText, 'ib-gateway-manager', 'Name of this service there.'),
  OTEL_METRIC_EXPORT_INTERVAL: withDefault(
    wholeNumber(100, 86_400_000),
    '60000',
    'Between two sendings of the metrics, in milliseconds.',
  ),
  OTEL_TRACES_SAMPLER: withDefault(
    word(
      'parentbased_always_on',
      'parentbased_always_off',
      'parentbased_traceidratio',
      'always_on',
      'always_off',
      'traceidratio',
    ),
    'parentbased_always_on',
    'Which traces are sent.',
  ),
  OTEL_TRACES_SAMPLER_ARG: optional(
    matching(/^(0(\.\d+)?|1(\.0+)?|\.\d+)$/, 'a share from 0 to 1'),
    'For traceidratio: the share of traces that is sent.',
  ),
  OTEL_SDK_DISABLED: withDefault(yesOrNo, 'false', 'true sends nothing, whatever else is set.'),
} satisfies Record<string, Variable<unknown>>

export type VariableName = keyof typeof variables
export type Values = ValuesOf<typeof variables>

/** Sections of the server's variables, each with its first; a section ends where the next begins. */
export const sections: ReadonlyArray<{ readonly title: string; readonly first: VariableName }> = [
  { title: 'Server', first: 'HOST' },
  { title: 'Store', first: 'MONGODB_URL' },
  { title: 'Who may come in', first: 'API_TOKENS' },
  { title: 'Gateways', first: 'RUNTIME' },
  { title: 'Watching and recovery', first: 'HEALTHCHECK_INTERVAL' },
  { title: 'Alerts', first: 'IB_REGION' },
  { title: 'Credentials', first: 'CREDENTIALS_KEY' },
  { title: 'Market data', first: 'IB_HOST' },
  { title: 'Forwarding', first: 'FORWARD_LISTEN' },
  { title: 'Telemetry', first: 'OTEL_EXPORTER_OTLP_ENDPOINT' },
]
