// The manager itself: what it leans on, the machine below it, and who reports to it. Asked for every 5 s while somebody looks.
import type { IbStatus, SystemStatus } from '../../../schemas/system.ts'
import { api } from '../api.ts'
import { usePolled } from '../polled.ts'
import { type Fact, Facts, Panel } from '../ui/facts.tsx'
import { Heard } from '../ui/heard.tsx'
import { State } from '../ui/state.tsx'
import { Age } from '../ui/time.tsx'
import { Bots } from './bots.tsx'
import { DataConnection, Sessions } from './ib-connections.tsx'
import { Machine } from './machine.tsx'

interface Both {
  readonly system: SystemStatus
  readonly ib: IbStatus
}

async function askBoth(signal: AbortSignal): Promise<Both> {
  const [system, ib] = await Promise.all([
    api<SystemStatus>('/system/system-status', { signal }),
    api<IbStatus>('/system/ib-status', { signal }),
  ])
  return { system, ib }
}

export function SystemPage() {
  const polled = usePolled(askBoth, 5_000)
  return (
    <section class="page" aria-labelledby="page-title">
      <h1 id="page-title" class="page-title">
        System
      </h1>
      <Heard polled={polled} what="state of the system">
        {({ system, ib }) => (
          <div class="panels">
            <Manager system={system} />
            <Dependencies system={system} />
            <Machine system={system} />
            <DataConnection ib={ib} />
            <Sessions ib={ib} />
            <Bots bots={system.bots} />
          </div>
        )}
      </Heard>
    </section>
  )
}

function Manager({ system }: { readonly system: SystemStatus }) {
  const { version, managerId, startedAt, monitor, fleet } = system
  return (
    <Panel title="Manager">
      <Facts
        facts={[
          ['Version', version],
          ['Name', <bdi key="id">{managerId}</bdi>],
          ['Up for', <Age key="up" at={startedAt} />],
          [
            'Fleet',
            `${fleet.RUNNING} of ${fleet.total} RUNNING, ${fleet.STARTING} STARTING, ${fleet.FAILED} FAILED`,
          ],
          [
            'Monitor',
            monitor.running ? (
              <State key="monitor" tone="good">
                looks every {monitor.intervalSeconds} s
              </State>
            ) : (
              <State key="monitor" tone="trouble">
                not running
              </State>
            ),
          ],
          [
            'Last look',
            monitor.lastRunAt ? <Age key="look" at={monitor.lastRunAt} suffix=" ago" /> : 'none yet',
          ],
        ]}
      />
    </Panel>
  )
}

function Dependencies({ system }: { readonly system: SystemStatus }) {
  return (
    <Panel title="What it leans on">
      <Facts
        facts={[
          dependencyFact('Engine', system.engine),
          dependencyFact('Store', system.store),
          dependencyFact('Credentials', system.credentials),
          // An older manager tells of none.
          ...(system.alertSinks ?? []).map(sinkFact),
        ]}
      />
    </Panel>
  )
}

function dependencyFact(
  name: string,
  { kind, version, reachable, latencyMs, detail }: SystemStatus['engine'],
): Fact {
  return [
    name,
    <>
      <State tone={reachable ? 'good' : 'trouble'}>
        {kind}
        {version === undefined || version === kind ? '' : ` ${version}`}{' '}
        {reachable ? 'answers' : 'does not answer'}
      </State>
      {latencyMs !== undefined && <span class="fact-aside"> in {latencyMs.toFixed(1)} ms</span>}
      {detail !== undefined && <p class="fact-detail">{detail}</p>}
    </>,
  ]
}

/** Where alerts are sent to. */
function sinkFact({ name, waiting, lastDeliveredAt, lastError }: SystemStatus['alertSinks'][number]): Fact {
  const late = waiting === 0 ? '' : `, ${waiting} waiting`
  return [
    `Alerts: ${name}`,
    <>
      <State tone={lastError !== undefined ? 'trouble' : lastDeliveredAt === undefined ? 'moving' : 'good'}>
        {lastError !== undefined
          ? `does not take them${late}`
          : lastDeliveredAt === undefined
            ? `none sent yet${late}`
            : `takes them${late}`}
      </State>
      {lastDeliveredAt !== undefined && (
        <span class="fact-aside">
          , last <Age at={lastDeliveredAt} suffix=" ago" />
        </span>
      )}
      {lastError !== undefined && <p class="fact-detail">{lastError}</p>}
    </>,
  ]
}
