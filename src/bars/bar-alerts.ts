// The alerts of the market data side: files that cannot be used, series that cannot be filled, a connection that stays away. Pure.
import type { AlertCode } from '../ports/alert-codes.ts'
import type { AlertDraft } from '../ports/alerts.ts'
import { seriesTitle } from './series.ts'
import type { SeriesState } from './series-book.ts'

/** All alerts about series begin with it. */
export const seriesAlertPrefix = 'bars:'

const actions = {
  BAR_FILE_DAMAGED:
    'Mend or remove the line that is named, or move the file away to have it fetched anew; nothing is written to it until then.',
  CONTRACT_UNKNOWN: 'Remove the series and track it with the right symbol, secType, exchange and currency.',
  CONTRACT_AMBIGUOUS:
    'Remove the series and track it with the exchange, currency or local symbol that is meant.',
  CONTRACT_EXPIRED: 'Remove the series and track its successor.',
} satisfies Partial<Record<AlertCode, string>>

/** Whether it is a problem that only a person solves. */
const isTold = (code: string): code is keyof typeof actions => Object.hasOwn(actions, code)

/** One for each series with a lasting problem that a person must solve, and one for the folder. */
export function seriesAlerts(
  states: readonly SeriesState[],
  folderTrouble: string | undefined,
): AlertDraft[] {
  const ofSeries = states.flatMap(({ record, problem }): AlertDraft[] => {
    if (!problem || !isTold(problem.code)) return []
    const { code, message } = problem
    // A file that lies around need not be of anything that IB knows.
    if (record.origin === 'file' && code.startsWith('CONTRACT')) return []
    return [
      {
        key: `${seriesAlertPrefix}${code}:${seriesTitle(record)}`,
        level: code === 'BAR_FILE_DAMAGED' ? 'ERROR' : 'WARNING',
        code,
        title: `${seriesTitle(record)} cannot be kept up`,
        message,
        action: actions[code],
      },
    ]
  })
  if (folderTrouble === undefined) return ofSeries
  return [
    {
      key: `${seriesAlertPrefix}FOLDER`,
      level: 'CRITICAL',
      code: 'BARS_DIR_UNUSABLE',
      title: 'Bars cannot be read or written',
      message: folderTrouble,
      action:
        'Make room on the disk or mend the permissions of BARS_DIR; filling goes on by itself. Files are as they were.',
    },
    ...ofSeries,
  ]
}

export const connectionAlertKey = 'data:DOWN'

export function connectionAlert(trouble: string, minutes: number): AlertDraft {
  return {
    key: connectionAlertKey,
    level: 'ERROR',
    code: 'DATA_CONNECTION_DOWN',
    title: 'No market data comes in',
    message: `The data connection has been down for ${minutes} minutes. ${trouble}`,
    action:
      'Check that the gateway runs, is logged in and accepts API connections (ibgm check HOST PORT); what is missing is filled once it is back.',
  }
}
