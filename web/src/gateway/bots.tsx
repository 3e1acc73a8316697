// Bots that have leased a client id on this gateway.
import { useCallback } from 'preact/hooks'
import type { SystemStatus } from '../../../schemas/system.ts'
import { api } from '../api.ts'
import { usePolled } from '../polled.ts'
import { Panel } from '../ui/facts.tsx'
import { Heard } from '../ui/heard.tsx'
import type { Tone } from '../ui/phases.ts'
import { State } from '../ui/state.tsx'
import { Moment } from '../ui/time.tsx'

type Bot = SystemStatus['bots'][number]

export function Bots({ followerId }: { readonly followerId: string }) {
  const ask = useCallback(
    async (signal: AbortSignal) => {
      const { bots } = await api<SystemStatus>('/system/system-status', { signal })
      return bots.filter((bot) => bot.followerId === followerId)
    },
    [followerId],
  )
  const polled = usePolled(ask, 15_000)
  return (
    <Panel title="Bots">
      <Heard polled={polled} what="list of bots">
        {(bots) =>
          bots.length === 0 ? (
            <p class="soft">No bot has leased a client id here.</p>
          ) : (
            <ul class="bots">
              {bots.map((bot) => (
                <BotRow key={bot.clientId} bot={bot} />
              ))}
            </ul>
          )
        }
      </Heard>
    </Panel>
  )
}

function BotRow({ bot }: { readonly bot: Bot }) {
  const { tone, words } = healthOf(bot)
  return (
    <li class="bot">
      <strong>
        <bdi>{bot.purpose}</bdi>
      </strong>
      <State tone={tone}>{words}</State>
      <span class="soft bot-lease">
        client id <span class="figure">{bot.clientId}</span>, leased until <Moment at={bot.expiresAt} />
      </span>
    </li>
  )
}

function healthOf({ healthUrl, healthy }: Bot): { tone: Tone; words: string } {
  if (healthUrl === undefined) return { tone: 'off', words: 'not watched' }
  if (healthy === undefined) return { tone: 'moving', words: 'not asked yet' }
  return healthy ? { tone: 'good', words: 'healthy' } : { tone: 'trouble', words: 'not healthy' }
}
