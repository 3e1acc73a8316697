// What a person can do to a gateway: the question before it, the call, and what is said afterwards. The fleet and a gateway's page share it.
import type { Gateway } from '../../../schemas/gateway.ts'
import { ApiProblem, api } from '../api.ts'
import { Button } from '../ui/button.tsx'
import { ask } from '../ui/dialog.tsx'
import { toast } from '../ui/toast.tsx'
import type { Verb } from './verb-rules.ts'

interface VerbText {
  readonly label: string
  readonly question: string
  /** What happens, for the question: after the account's name. */
  readonly effect: string
  readonly asked: string
  readonly danger: boolean
}

export const verbTexts: Readonly<Record<Verb, VerbText>> = {
  launch: {
    label: 'Launch',
    question: 'Launch a live account?',
    effect: 'logs in at IBKR now and is kept running. A second factor may have to be approved.',
    asked: 'launch asked for',
    danger: false,
  },
  stop: {
    label: 'Stop',
    question: 'Stop a live account?',
    effect: 'is logged out and stays stopped. Bots that use it lose their connection.',
    asked: 'stop asked for',
    danger: true,
  },
  restart: {
    label: 'Restart',
    question: 'Restart a live account?',
    effect:
      'restarts within its container, without a new login. Bots that use it lose their connection for about a minute.',
    asked: 'restart asked for',
    danger: true,
  },
  'restart-container': {
    label: 'New container',
    question: 'Give a live account a new container?',
    effect:
      'gets a new container and logs in anew. A second factor may have to be approved; bots lose their connection.',
    asked: 'new container asked for',
    danger: true,
  },
  reconnect: {
    label: 'Reconnect',
    question: 'Reconnect to a live account?',
    effect: "stays as it is; the manager's own API session is dropped and opened again.",
    asked: 'reconnect asked for',
    danger: false,
  },
}

type Named = Pick<Gateway, 'followerId' | 'name' | 'tradingMode' | 'accounts'>

/** Asks before a verb touches a live account, naming it; for a paper account the answer is yes at once. */
export async function confirmVerb(gateway: Named, verb: Verb): Promise<boolean> {
  if (gateway.tradingMode !== 'live') return true
  const { label, question, effect, danger } = verbTexts[verb]
  return ask({
    title: question,
    confirm: `${label}: ${gateway.followerId}`,
    tone: danger ? 'danger' : 'primary',
    body: (
      <p>
        <AccountName gateway={gateway} /> trades real money. It {effect}
      </p>
    ),
  })
}

/** Id, name and accounts, each isolated so that no writing direction leaks out of it. */
export function AccountName({ gateway: { followerId, name, accounts } }: { readonly gateway: Named }) {
  return (
    <strong>
      <bdi>{followerId}</bdi>
      {name !== undefined && (
        <>
          {' '}
          (<bdi>{name}</bdi>)
        </>
      )}
      {accounts.length > 0 && `, ${accounts.join(', ')},`}
    </strong>
  )
}

/** Asks if need be, does it, and says what came of it. Never throws. */
export async function runVerb(gateway: Named, verb: Verb): Promise<void> {
  if (!(await confirmVerb(gateway, verb))) return
  const path = `/gateways/${encodeURIComponent(gateway.followerId)}`
  try {
    if (verb === 'restart-container')
      await api(`${path}/restart`, { method: 'POST', body: { mode: 'container' } })
    else await api(`${path}/${verb}`, { method: 'POST' })
    toast(`${gateway.followerId}: ${verbTexts[verb].asked}.`)
  } catch (error) {
    const words = refusal(error, verbTexts[verb].label)
    toast(words.includes(gateway.followerId) ? words : `${gateway.followerId}: ${words}`, 'bad')
  }
}

/** Why an action was not done, in words. */
export function refusal(error: unknown, action: string): string {
  if (!(error instanceof ApiProblem)) return `${action} failed: ${String(error)}`
  if (error.status === 403) return `${action} is not allowed with this token. ${error.detail}`
  return error.detail
}

export function VerbButton({
  gateway,
  verb,
  tone,
}: {
  readonly gateway: Named
  readonly verb: Verb
  readonly tone?: 'plain' | 'primary' | 'danger' | 'quiet'
}) {
  const { label } = verbTexts[verb]
  return (
    <Button
      onPress={() => runVerb(gateway, verb)}
      label={`${label} ${gateway.followerId}`}
      {...(tone && { tone })}
    >
      {label}
    </Button>
  )
}
