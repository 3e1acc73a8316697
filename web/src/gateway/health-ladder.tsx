// The layers of readiness from the container up: the first that fails names the trouble, what stands on it is not known.
import { useCallback } from 'preact/hooks'
import type { Gateway, GatewayHealth, HealthLayer, LayerStatus } from '../../../schemas/gateway.ts'
import { api } from '../api.ts'
import { usePolled } from '../polled.ts'
import { Panel } from '../ui/facts.tsx'
import { Heard } from '../ui/heard.tsx'
import type { Tone } from '../ui/phases.ts'
import { Mark } from '../ui/status-badge.tsx'
import { Age } from '../ui/time.tsx'
import { useRefresh } from './timeline.ts'

const layerWords: Readonly<Record<HealthLayer, string>> = {
  container: 'Container runs',
  login: 'Logged in at IBKR',
  port: 'API port open',
  handshake: 'API handshake',
  accounts: 'Accounts as expected',
  heartbeat: 'Heartbeat',
  upstream: 'Gateway has IBKR',
  farms: 'Market data farms',
}
/** The same, failed. */
const faultWords: Readonly<Record<HealthLayer, string>> = {
  container: 'its container does not run',
  login: 'it is not logged in at IBKR',
  port: 'its API port is closed',
  handshake: 'its API does not shake hands',
  accounts: 'its accounts are not those expected',
  heartbeat: 'its heartbeat has stopped',
  upstream: 'it has lost IBKR',
  farms: 'market data farms are down',
}
const looks: Readonly<Record<LayerStatus, { readonly tone: Tone; readonly words: string }>> = {
  ok: { tone: 'good', words: 'ok' },
  failing: { tone: 'trouble', words: 'failing' },
  unknown: { tone: 'off', words: 'unknown' },
}

export function HealthLadder({ gateway }: { readonly gateway: Gateway }) {
  const { followerId, phase, desired, since, conditions, healthy } = gateway
  const path = `/gateways/${encodeURIComponent(followerId)}/health`
  const ask = useCallback(
    (signal: AbortSignal) => api<GatewayHealth>(path, { query: { report: true }, signal }),
    [path],
  )
  const polled = usePolled(ask, 10_000)
  useRefresh(polled, `${phase} ${since} ${healthy} ${conditions.length}`)
  return (
    <Panel title="Health">
      <Heard polled={polled} what="health">
        {(health) => <Ladder health={health} isIdle={desired === 'stopped' && phase === 'stopped'} />}
      </Heard>
    </Panel>
  )
}

interface LadderProps {
  readonly health: GatewayHealth
  /** Nobody wants it to run: what does not is no fault. */
  readonly isIdle: boolean
}

function Ladder({ health, isIdle }: LadderProps) {
  const { layers, failing } = health
  return (
    <>
      <p class="ladder-verdict">{verdictOf(health, isIdle)}</p>
      <ol class="ladder">
        {layers.map(({ name, status, since, detail }) => {
          const { tone, words } = looks[isIdle && status === 'failing' ? 'unknown' : status]
          return (
            <li key={name} class={`rung rung-${status}${name === failing && !isIdle ? ' rung-first' : ''}`}>
              <Mark tone={tone} />
              <span class="rung-name">{layerWords[name]}</span>
              <span class="rung-since soft">
                <span class={status === 'ok' ? 'only-heard' : undefined}>{words} </span>
                <Age at={since} />
              </span>
              {detail !== undefined && <span class="rung-detail soft">{detail}</span>}
            </li>
          )
        })}
      </ol>
    </>
  )
}

function verdictOf({ healthy, failing }: GatewayHealth, isIdle: boolean): string {
  if (healthy) return 'A bot may use it.'
  if (isIdle) return 'It is stopped, and nobody wants it to run.'
  return `No bot can use it${failing ? `: ${faultWords[failing]}` : ''}.`
}
