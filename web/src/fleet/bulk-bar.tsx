// Launching or stopping many at once: chosen by hand, asked once, told once.
import type { BulkResult, Gateway } from '../../../schemas/gateway.ts'
import { api } from '../api.ts'
import { refusal, verbTexts } from '../gateway/verbs.tsx'
import { gateways } from '../store.ts'
import { Button } from '../ui/button.tsx'
import { ask } from '../ui/dialog.tsx'
import { toast } from '../ui/toast.tsx'
import { bulkOutcome, inPortions, named } from './bulk-words.ts'
import { selection } from './selection.ts'

type BulkVerb = 'launch' | 'stop'

export function BulkBar({ shown }: { readonly shown: readonly Gateway[] }) {
  const chosen = selection.value
  if (!chosen) return null
  // A follower that was removed meanwhile is not chosen any more.
  const members = [...chosen].flatMap((id) => gateways.value.get(id) ?? [])
  return (
    <div class="bulk" role="toolbar" aria-label="Selected gateways">
      <span class="bulk-count figure" role="status">
        {members.length} selected
      </span>
      <Button
        tone="quiet"
        onPress={() => (selection.value = new Set(shown.map(({ followerId }) => followerId)))}
      >
        All {shown.length} shown
      </Button>
      <Button tone="quiet" disabled={members.length === 0} onPress={() => (selection.value = new Set())}>
        None
      </Button>
      <span class="bulk-verbs">
        {(['launch', 'stop'] as const).map((verb) => (
          <Button key={verb} disabled={members.length === 0} onPress={() => runBulk(verb, members)}>
            {verbTexts[verb].label}
          </Button>
        ))}
      </span>
    </div>
  )
}

async function runBulk(verb: BulkVerb, members: readonly Gateway[]): Promise<void> {
  if (!(await confirmBulk(verb, members))) return
  const results: Array<BulkResult['results'][number]> = []
  try {
    for (const followerIds of inPortions(members.map(({ followerId }) => followerId))) {
      results.push(
        ...(await api<BulkResult>(`/gateways/${verb}`, { method: 'POST', body: { followerIds } })).results,
      )
    }
    selection.value = undefined
  } catch (error) {
    toast(refusal(error, verbTexts[verb].label), 'bad')
  }
  if (results.length === 0) return
  const { text, refused } = bulkOutcome(verbTexts[verb].label, results)
  toast(text, refused ? 'bad' : 'good')
}

function confirmBulk(verb: BulkVerb, members: readonly Gateway[]): Promise<boolean> {
  const { label, danger } = verbTexts[verb]
  const live = members.filter(({ tradingMode }) => tradingMode === 'live')
  const many = `${members.length} gateway${members.length === 1 ? '' : 's'}`
  return ask({
    title: `${label} ${many}?`,
    confirm: `${label} ${many}`,
    tone: danger ? 'danger' : 'primary',
    body: (
      <>
        <p>
          {verb === 'stop'
            ? 'They are logged out and stay stopped. Bots that use them lose their connection.'
            : 'Those that do not run log in at IBKR now, some at a time. Second factors may have to be approved.'}
        </p>
        {live.length > 0 && (
          <p>
            <strong>
              {live.length} of them {live.length === 1 ? 'trades' : 'trade'} real money:
            </strong>{' '}
            {named(live.map(({ followerId }) => followerId))}
          </p>
        )}
      </>
    ),
  })
}
