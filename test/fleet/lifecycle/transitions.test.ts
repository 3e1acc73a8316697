// The moves of the state: what is counted, what is kept, and since when.
import t from 'tap'
import { enter, fail } from '../../../src/fleet/lifecycle/transitions.ts'
import { at, noon, state } from '../looks.ts'

t.test('a trouble is as old as its first failure, until another one comes', async (t) => {
  const failed = (
    code: Parameters<typeof fail>[1]['code'],
    from: ReturnType<typeof state>,
    afterMs: number,
  ) => fail(from, { code }, at(afterMs))
  const first = failed('CREDENTIALS_MISSING', state(), 1_000)
  t.match(first, { trouble: { code: 'CREDENTIALS_MISSING' }, troubleSince: noon + 1_000 })
  const again = failed('CREDENTIALS_MISSING', first, 20_000)
  t.match(again, { trouble: { code: 'CREDENTIALS_MISSING' }, troubleSince: noon + 1_000 })
  const away = failed('VAULT_TIMEOUT', again, 30_000)
  t.match(
    away,
    {
      cause: { code: 'VAULT_TIMEOUT' },
      trouble: { code: 'CREDENTIALS_MISSING' },
      troubleSince: noon + 1_000,
    },
    'what all gateways share has an alert of its own',
  )
  const another = failed('SESSION_LOST', away, 40_000)
  t.match(another, { trouble: { code: 'SESSION_LOST' }, troubleSince: noon + 40_000 })
  t.match(failed('ENGINE_UNAVAILABLE', state(), 1_000), { trouble: null, troubleSince: null })
})

t.test('a phase is as old as its cause; what is the same is no change', async (t) => {
  const cause = { code: 'SESSION_LOST', detail: 'no answer' } as const
  const first = enter(state(), 'backing-off', noon, { cause, retryAt: noon + 10_000 })
  t.match(first, { phase: 'backing-off', since: noon, cause, retryAt: noon + 10_000, deadline: null })
  t.equal(enter(first, 'backing-off', noon + 1, { cause: { ...cause }, retryAt: noon + 10_000 }), first)
  const changes = [
    { cause, retryAt: noon + 20_000 },
    { cause, retryAt: noon + 10_000, deadline: noon + 60_000 },
    { cause: { ...cause, detail: 'reset' }, retryAt: noon + 10_000 },
  ]
  for (const change of changes) {
    const next = enter(first, 'backing-off', noon + 1, change)
    t.match(next, { ...change, since: noon }, 'as old as before')
    t.not(next, first)
  }
  t.equal(enter(first, 'backing-off', noon + 1, { cause: { code: 'CONTAINER_EXITED' } }).since, noon + 1)
  t.equal(enter(first, 'restarting', noon + 1, { cause }).since, noon + 1)
})
