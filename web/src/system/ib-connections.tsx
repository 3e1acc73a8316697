// The manager's own connections to IB: the one for market data, and a session on each gateway.
import type { IbStatus } from '../../../schemas/system.ts'
import { addressOf } from '../places.ts'
import { roundTrip } from '../ui/duration.ts'
import { type Fact, Facts, Panel, WideTable } from '../ui/facts.tsx'
import { State } from '../ui/state.tsx'
import { Age, Countdown } from '../ui/time.tsx'
import { dataConnectionWords, sessionCounts, sessionsOfNote } from './figures.ts'

const mostShown = 100

export function DataConnection({ ib }: { readonly ib: IbStatus }) {
  const { dataConnection } = ib
  const { host, port, clientId, lastHeartbeatAt, reconnects, nextRetryAt, lastError } = dataConnection
  const { words, tone } = dataConnectionWords(dataConnection)
  const facts: Fact[] = [
    [
      'State',
      <State key="state" tone={tone}>
        {words}
      </State>,
    ],
  ]
  if (host !== undefined && port !== undefined) {
    facts.push(['Gateway', `${host}:${port}${clientId === undefined ? '' : `, client id ${clientId}`}`])
  }
  if (lastHeartbeatAt !== undefined) {
    facts.push(['Last answer', <Age key="heartbeat" at={lastHeartbeatAt} suffix=" ago" />])
  }
  if (dataConnection.state !== 'disabled') facts.push(['Reconnects', String(reconnects)])
  if (nextRetryAt !== undefined) facts.push(['Next try in', <Countdown key="retry" until={nextRetryAt} />])
  if (lastError !== undefined) {
    facts.push([
      'Last error',
      <>
        <Age at={lastError.at} suffix=" ago" />: <bdi>{lastError.message}</bdi> <code>{lastError.code}</code>
      </>,
    ])
  }
  return (
    <Panel title="Data connection">
      <Facts facts={facts} />
      {dataConnection.state === 'disabled' && (
        <p class="panel-note">
          <code>DATA_FOLLOWER</code>, or <code>IB_HOST</code> and <code>IB_PORT</code>, say which gateway
          market data comes from.
        </p>
      )}
    </Panel>
  )
}

export function Sessions({ ib }: { readonly ib: IbStatus }) {
  const noted = sessionsOfNote(ib.sessions, ib.asOf)
  return (
    <Panel title="Sessions on gateways" wide>
      <p class="panel-note">
        {ib.sessions.length === 0 ? 'None: no gateway is up.' : `${sessionCounts(ib.sessions)}.`}
        {ib.sessions.length > 0 && noted.length === 0 && ' None had an error in the last ten minutes.'}
        {noted.length > mostShown && ` The first ${mostShown} of ${noted.length} to look at:`}
      </p>
      {noted.length > 0 && (
        <WideTable label="Sessions that are not ready or had an error">
          <thead>
            <tr>
              <th scope="col">Follower</th>
              <th scope="col">State</th>
              <th scope="col">Client id</th>
              <th scope="col">Last answer</th>
              <th scope="col">Requests</th>
              <th scope="col">Errors</th>
              <th scope="col">Reconnects</th>
              <th scope="col">Last error</th>
            </tr>
          </thead>
          <tbody>
            {noted.slice(0, mostShown).map((session) => (
              <SessionRow key={session.followerId} session={session} />
            ))}
          </tbody>
        </WideTable>
      )}
    </Panel>
  )
}

function SessionRow({ session }: { readonly session: IbStatus['sessions'][number] }) {
  const {
    followerId,
    state,
    clientId,
    lastHeartbeatAt,
    heartbeatRttMs,
    requests,
    errors,
    reconnects,
    lastError,
  } = session
  return (
    <tr>
      <th scope="row">
        <a href={addressOf({ page: 'gateway', followerId })}>
          <bdi>{followerId}</bdi>
        </a>
      </th>
      <td>
        <State tone={state === 'ready' ? 'good' : state === 'failed' ? 'trouble' : 'moving'}>{state}</State>
      </td>
      <td class="figure">{clientId ?? '–'}</td>
      <td>
        {lastHeartbeatAt === undefined ? '–' : <Age at={lastHeartbeatAt} suffix=" ago" />}
        {heartbeatRttMs !== undefined && <span class="fact-aside"> in {roundTrip(heartbeatRttMs)}</span>}
      </td>
      <td class="figure">{requests.toLocaleString('en')}</td>
      <td class="figure">{errors.toLocaleString('en')}</td>
      <td class="figure">{reconnects}</td>
      <td class="cell-words">
        {lastError === undefined ? (
          '–'
        ) : (
          <>
            <bdi>{lastError.message}</bdi> <code>{lastError.code}</code>,{' '}
            <Age at={lastError.at} suffix=" ago" />
          </>
        )}
      </td>
    </tr>
  )
}
