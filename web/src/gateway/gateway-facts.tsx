// What is known of a gateway that seldom changes: accounts, container, sessions, counts.
import type { Gateway } from '../../../schemas/gateway.ts'
import { isSimulated } from '../simulated.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { type Fact, Facts, Panel } from '../ui/facts.tsx'
import { Age, Moment } from '../ui/time.tsx'

export function GatewayFacts({ gateway }: { readonly gateway: Gateway }) {
  const { accounts, plannedRestartAt, startedAt, connectedAt, containerName, containerId, image } = gateway
  const facts: Array<Fact | null> = [
    [
      'Accounts',
      accounts.length > 0 ? <Accounts key="accounts" accounts={accounts} /> : 'not known while it is down',
    ],
    plannedRestartAt ? ['Planned restart', <Moment key="planned" at={plannedRestartAt} />] : null,
    startedAt ? ['Container up for', <Age key="started" at={startedAt} />] : null,
    connectedAt ? ['Session up for', <Age key="connected" at={connectedAt} />] : null,
    [
      'Interruptions',
      `${count(gateway.restarts, 'restart')}, ${count(gateway.reconnects, 'reconnect')}, ${count(gateway.connectionFailures, 'failed connection')}`,
    ],
    gateway.clientId === undefined
      ? null
      : [
          "Manager's client id",
          <span key="client" class="figure">
            {gateway.clientId}
          </span>,
        ],
    gateway.serverVersion === undefined
      ? null
      : [
          'API version',
          <span key="version" class="figure">
            {gateway.serverVersion}
          </span>,
        ],
    containerName === undefined
      ? null
      : [
          'Container',
          <span key="container" class="mono">
            {containerName} <span class="soft">{containerId?.slice(0, 12)}</span>
          </span>,
        ],
    image === undefined
      ? null
      : [
          'Image',
          <span key="image" class="mono">
            {image}
            {isSimulated.value && <span class="soft"> (not run: this gateway is simulated)</span>}
          </span>,
        ],
  ]
  return (
    <Panel title="Gateway">
      <Facts facts={facts.filter((fact) => fact !== null)} />
    </Panel>
  )
}

function Accounts({ accounts }: { readonly accounts: readonly string[] }) {
  return (
    <ul class="accounts">
      {accounts.map((account) => (
        <li key={account}>
          <span class="mono">{account}</span> <CopyButton text={account} what={`account ${account}`} />
        </li>
      ))}
    </ul>
  )
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
