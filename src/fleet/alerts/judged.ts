// What the alerts of one gateway are judged by, and how they name it.
import type { AlertLevel } from '../../../schemas/alert.ts'
import type { Follower } from '../../../schemas/follower.ts'
import type { IbRegion } from '../../calendar/ib-maintenance.ts'
import type { AlertCode } from '../../ports/alert-codes.ts'
import type { AlertDraft } from '../../ports/alerts.ts'
import type { BotReport } from '../bot-watch.ts'
import type { GatewayState, Observation } from '../lifecycle/state.ts'

export const alertPrefix = (followerId: string) => `gateway:${followerId}:`

export interface Judged {
  readonly follower: Pick<Follower, 'id' | 'name' | 'tradingMode'>
  readonly state: GatewayState
  readonly seen: Observation
  /** Whose maintenance keeps an outage quiet. */
  readonly region: IbRegion
  /** Since when the container is not the one that the record asks for; null when it is. */
  readonly driftSince: number | null
  readonly twofaMaxPushes: number
  /** The bots that trade through it, as they were last asked. */
  readonly bots: readonly BotReport[]
  /** The open alert of this gateway under that key (without the prefix), as it was drafted: what was told stands until it is over, whoever tells it now. */
  readonly told: (key: string) => AlertDraft | undefined
}

/** Makes a draft about one gateway: under the code as its key, unless `key` is given. */
export type Draft = (
  level: AlertLevel,
  code: AlertCode,
  title: string,
  words: Pick<AlertDraft, 'message' | 'action' | 'count'> & { readonly key?: string },
) => AlertDraft

/** Who it is, as a person knows it: `alpha (paper)`, `Growth (alpha, live)`. */
export function draftsOf({ id, name, tradingMode }: Judged['follower']): Draft {
  const who = name === undefined ? `${id} (${tradingMode})` : `${name} (${id}, ${tradingMode})`
  return (level, code, title, { message, action, count, key = code }) => ({
    key: `${alertPrefix(id)}${key}`,
    level,
    code,
    followerId: id,
    title: `${title}: ${who}`,
    message,
    ...(action !== undefined && { action: action.replaceAll('{id}', id) }),
    ...(count !== undefined && { count }),
  })
}
