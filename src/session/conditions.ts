// What a gateway's notices say about the world behind it: pure, one value per connection.
import type { IbCodeClass } from './codes.ts'

export interface Conditions {
  readonly upstream: 'up' | 'lost'
  /** When `upstream` last changed, epoch milliseconds; absent while it has always been up. */
  readonly upstreamSince?: number
  /** Names of the data farms last reported broken, sorted. */
  readonly brokenFarms: readonly string[]
  /** Another login of the same user holds the market data (10197). */
  readonly competing: boolean
}

/** IB has a few dozen farms. A gateway that makes names up is not followed beyond. */
const maxFarms = 64

/** A new connection assumes the best: a gateway without IBKR says so (2110) to each that connects. */
export const fairWeather: Conditions = { upstream: 'up', brokenFarms: [], competing: false }

/** The conditions after a notice; the same object when it changes nothing, as 1100 is repeated every minute. */
export function afterNotice(conditions: Conditions, codeClass: IbCodeClass, nowMs: number): Conditions {
  switch (codeClass.kind) {
    case 'upstream-lost':
      return conditions.upstream === 'lost'
        ? conditions
        : { ...conditions, upstream: 'lost', upstreamSince: nowMs }
    case 'upstream-restored':
      return {
        upstream: 'up',
        ...(conditions.upstream === 'lost'
          ? { upstreamSince: nowMs }
          : conditions.upstreamSince !== undefined && { upstreamSince: conditions.upstreamSince }),
        brokenFarms: codeClass.brokenFarms?.toSorted().slice(0, maxFarms) ?? conditions.brokenFarms,
        competing: false,
      }
    case 'farm':
      return withFarm(conditions, codeClass.farm, codeClass.state === 'broken')
    case 'competing-session':
      return conditions.competing ? conditions : { ...conditions, competing: true }
    default:
      return conditions
  }
}

function withFarm(conditions: Conditions, farm: string, broken: boolean): Conditions {
  const others = conditions.brokenFarms.filter((name) => name !== farm)
  const was = others.length < conditions.brokenFarms.length
  if (was === broken || (broken && others.length >= maxFarms)) return conditions
  return { ...conditions, brokenFarms: broken ? [...others, farm].sort() : others }
}
