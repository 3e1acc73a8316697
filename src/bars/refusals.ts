// What a request that failed means for the next try, and asking again where that helps.
import { isFleetError } from '../ports/errors.ts'
import type { IbNotice } from '../ports/ib.ts'
import { classifyIbCode } from '../session/codes.ts'

/** `refused` is IB's answer to the question itself; `other` is none of IB's. */
export type Refusal = 'no-data' | 'pacing' | 'timeout' | 'refused' | 'other'

/** The pacer waits before each of these. */
const pacingTries = 5

export function refusalOf(error: unknown): Refusal {
  if (isFleetError(error, 'CONNECTION_TIMEOUT')) return 'timeout'
  if (!isFleetError(error, 'REQUEST_REJECTED')) return 'other'
  const { code, text } = (error.cause as IbNotice | undefined) ?? { code: 0, text: '' }
  if (code === 162 && /returned no data/i.test(text)) return 'no-data'
  return classifyIbCode(code, text).kind === 'pacing' ? 'pacing' : 'refused'
}

/** Asks again after a complaint about the pace, and once after silence; rejects with the error of the last try. */
export async function askPatiently<T>(ask: () => Promise<T>, onAgain: (error: unknown) => void): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask()
    } catch (error) {
      const said = refusalOf(error)
      if (said === 'pacing' ? tries >= pacingTries : said !== 'timeout' || tries > 1) throw error
      onAgain(error)
    }
  }
}
