// Variables of what gateways are made of: engine, image, ports, names, limits.
import { optional, type Variable, withDefault } from './reading.ts'
import { containerName, type Kind, matching, seconds, wholeNumber, word } from './values.ts'

/** An IPv4 network that has room for containers. */
const subnet: Kind<string> = {
  takes: 'an IPv4 subnet like 172.30.0.0/22, with a prefix from 8 to 29',
  parse(text) {
    const [, address = '', prefix] = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(text) ?? []
    const isAddress = address.split('.').every((octet) => /^\d{1,3}$/.test(octet) && Number(octet) <= 255)
    return isAddress && Number(prefix) >= 8 && Number(prefix) <= 29 ? text : undefined
  },
}

export const gatewayVariables = {
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
  CONTAINER_PREFIX: withDefault(containerName, 'ibgateway-follower', 'Containers are named PREFIX-FOLLOWER.'),
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
} satisfies Record<string, Variable<unknown>>
