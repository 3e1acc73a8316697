// Strategy C, cash preservation: it opens nothing, ever, and closes only what it was told to close out.
import type { OrderIntent } from '../intents.ts'
import type { Moment } from './strategy.ts'

/** `own`: the positions that this bot has opened; `all`: every position of the account. */
export type CloseOut = 'nothing' | 'own' | 'all'

/** What Strategy C wishes for at a moment. Pure, and needs nothing outside. */
export function preserveCash(moment: Moment, closeOut: CloseOut): readonly OrderIntent[] {
  void [moment, closeOut]
  throw new Error('not written yet')
}
