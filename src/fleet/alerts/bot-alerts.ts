// The alerts of bots that are not well, merged with their gateway's: while that is down, they are its consequence and are held back. Pure.
import type { AlertDraft } from '../../ports/alerts.ts'
import { gatewayStatus } from '../lifecycle/state.ts'
import type { Draft, Judged } from './judged.ts'

/** A bot reconnects within a sweep or two. */
const patienceSweeps = 2

/** Of each bot that is not well for longer than it needs to reconnect while its gateway is RUNNING, or whose alert is open already; none of those that are well. */
export function botAlerts({ bots, state, told }: Judged, draft: Draft): AlertDraft[] {
  const isUp = gatewayStatus(state.phase) === 'RUNNING'
  return bots.flatMap(({ purpose, healthy, missed, detail }) => {
    const key = `BOT_UNHEALTHY:${purpose}`
    const isDue = (isUp && missed > patienceSweeps) || told(key) !== undefined
    if (healthy || !isDue) return []
    return draft('ERROR', 'BOT_UNHEALTHY', `Bot "${purpose}" is not well`, {
      key,
      message: `The gateway is RUNNING, but the bot that leased a client id for "${purpose}" ${detail ?? 'says that it is not well'}.`,
      action: `Look at its log and at its health address (npx ibgm status --json has it under bots); restart the bot if it does not trade.`,
    })
  })
}
