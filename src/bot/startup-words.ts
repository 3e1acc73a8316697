// What the bot says while a gateway keeps it waiting, and when it does not come: fixed texts that people and their tools search for. Pure.
import type { NotReady } from './gateway-check.ts'
import type { Notice } from './notifier.ts'

/** `locked`: the manager says that a person has to act. */
export type StartupFailure = 'unresolved' | 'unreachable' | 'not-authenticated' | 'locked'

export interface FailureFacts {
  readonly gateway: string
  readonly tries: number
  readonly elapsedSeconds: number
  /** Without a full stop. */
  readonly detail: string
}

/** The notices of a start-up that takes long: after so many tries or so much time, whichever comes first. */
export function delayNotices(
  gateway: string,
): ReadonlyArray<{ readonly tries: number; readonly afterMs: number; readonly notice: Notice }> {
  const text = `The trading bot waits for ${gateway} and does not trade.`
  return [
    {
      tries: 3,
      afterMs: 30_000,
      notice: {
        level: 'WARNING',
        title: 'Gateway startup delayed, retrying...',
        text,
        action: 'None yet: a login takes a minute or two.',
      },
    },
    {
      tries: 10,
      afterMs: 180_000,
      notice: {
        level: 'ERROR',
        title: 'Gateway startup significantly delayed',
        text,
        action: 'Look whether the gateway waits for 2FA or shows a dialog.',
      },
    },
  ]
}

/** What the last try says of the start-up as a whole. */
export function failureOf(kind: NotReady): StartupFailure {
  if (kind === 'no-accounts') return 'not-authenticated'
  return kind === 'unresolved' ? 'unresolved' : 'unreachable'
}

/** The line for the log, and the notice for a person. */
export function failureTexts(
  failure: StartupFailure,
  { gateway, tries, elapsedSeconds, detail }: FailureFacts,
): { text: string; notice: Notice } {
  const spent = `after ${tries} ${tries === 1 ? 'attempt' : 'attempts'} (${elapsedSeconds} s)`
  if (failure === 'not-authenticated' || failure === 'locked') {
    return {
      text: 'Gateway authenticated but IBKR login failed',
      notice: {
        level: 'CRITICAL',
        title: 'Gateway authentication failed, check IBKR credentials',
        text: `The trading bot found ${gateway} without a login ${spent} and has ended; it did not trade. Reason: ${detail}.`,
        action:
          failure === 'locked'
            ? 'Do what the reason says, launch the gateway again, then start the bot.'
            : "Check the IBKR user name and password, 2FA, and the gateway's log; then start the bot again.",
      },
    }
  }
  return {
    text: 'Gateway validation failed, cannot start bot',
    notice: {
      level: 'CRITICAL',
      title: 'Gateway startup failed after all retries',
      text: `The trading bot could not connect to ${gateway} ${spent} and has ended; it did not trade. Reason: ${detail}.`,
      action:
        failure === 'unresolved'
          ? 'Check GATEWAY_HOST: no such host is known here. Then start the bot again.'
          : 'Check that the gateway runs, its log, and where the bot looks for it: GATEWAY_HOST and GATEWAY_PORT, or the manager and FOLLOWER_ID. Then start the bot again.',
    },
  }
}
