// Who has leased a client id on a gateway, and what they say of themselves.
import type { SystemStatus } from '../../../schemas/system.ts'
import { addressOf } from '../places.ts'
import { Panel, WideTable } from '../ui/facts.tsx'
import { State } from '../ui/state.tsx'
import { Age, Moment } from '../ui/time.tsx'
import { botHealth } from './figures.ts'

export function Bots({ bots }: { readonly bots: SystemStatus['bots'] }) {
  return (
    <Panel title="Bots" wide>
      {bots.length === 0 ? (
        <p class="panel-note">No bot has leased a client id.</p>
      ) : (
        <WideTable label="Bots with a client id">
          <thead>
            <tr>
              <th scope="col">Purpose</th>
              <th scope="col">Gateway</th>
              <th scope="col">Client id</th>
              <th scope="col">Health</th>
              <th scope="col">Lease until</th>
            </tr>
          </thead>
          <tbody>
            {bots.map((bot) => (
              <BotRow key={`${bot.followerId} ${bot.clientId}`} bot={bot} />
            ))}
          </tbody>
        </WideTable>
      )}
    </Panel>
  )
}

function BotRow({ bot }: { readonly bot: SystemStatus['bots'][number] }) {
  const { followerId, purpose, clientId, expiresAt, checkedAt } = bot
  const { words, tone } = botHealth(bot)
  return (
    <tr>
      <th scope="row">
        <bdi>{purpose}</bdi>
      </th>
      <td>
        <a href={addressOf({ page: 'gateway', followerId })}>
          <bdi>{followerId}</bdi>
        </a>
      </td>
      <td class="figure">{clientId}</td>
      <td>
        <State tone={tone}>{words}</State>
        {checkedAt !== undefined && (
          <span class="fact-aside">
            {' '}
            <Age at={checkedAt} suffix=" ago" />
          </span>
        )}
      </td>
      <td>
        <Moment at={expiresAt} />
      </td>
    </tr>
  )
}
