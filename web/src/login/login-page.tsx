// The door: a token, tried on a harmless request before it is kept.
import { useSignal } from '@preact/signals'
import { ApiProblem, api } from '../api.ts'
import { startLive } from '../live.ts'
import { leaveLogin } from '../router.ts'
import { forgetToken, keepToken, loginReason } from '../token.ts'

export function LoginPage() {
  const value = useSignal('')
  const refused = useSignal<string | undefined>(undefined)
  const busy = useSignal(false)

  const enter = async (event: Event) => {
    event.preventDefault()
    if (busy.value || value.value.trim() === '') return
    if (!canBeToken(value.value.trim())) {
      refused.value =
        'A token is one word of plain letters, digits and signs. Was something else pasted with it?'
      return
    }
    busy.value = true
    refused.value = undefined
    const reason = loginReason.peek()
    try {
      keepToken(value.value.trim())
      await api('/system/ib-status')
      startLive()
      leaveLogin()
    } catch (error) {
      forgetToken(reason)
      refused.value = words(error)
    } finally {
      busy.value = false
    }
  }

  return (
    <main class="login">
      <form class="login-form" onSubmit={(event) => void enter(event)}>
        <h1 class="login-title">IB Gateway Manager</h1>
        {loginReason.value !== undefined && <p class="login-reason">{loginReason.value}</p>}
        <label class="field">
          <span class="field-label">Access token</span>
          <input
            class="input"
            type="password"
            autocomplete="off"
            spellcheck={false}
            required
            autofocus
            aria-describedby="login-help"
            aria-invalid={refused.value !== undefined}
            value={value.value}
            onInput={(event) => {
              value.value = event.currentTarget.value
            }}
          />
        </label>
        {refused.value !== undefined && (
          <p class="login-refused" role="alert">
            {refused.value}
          </p>
        )}
        <button type="submit" class="button button-primary" aria-busy={busy.value}>
          {busy.value ? 'Checking…' : 'Log in'}
        </button>
        <p id="login-help" class="login-help">
          Kept for this tab only. A new one: <code>npx ibgm token create --name you --role operator</code>
        </p>
      </form>
    </main>
  )
}

function words(error: unknown): string {
  if (!(error instanceof ApiProblem)) return String(error)
  return error.status === 401
    ? 'This token is not known here. Check that it was copied whole; it may have been revoked.'
    : error.detail
}

/** What a header can carry. */
function canBeToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text)
}
