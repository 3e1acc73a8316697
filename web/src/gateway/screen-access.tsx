// Access to the gateway's screen, for dialogs that block a login: asked for by an admin, shown for a minute.
import { useComputed, useSignal } from '@preact/signals'
import { useCallback, useEffect } from 'preact/hooks'
import type { Follower } from '../../../schemas/follower.ts'
import type { Gateway, GatewayScreen } from '../../../schemas/gateway.ts'
import { api } from '../api.ts'
import { usePolled } from '../polled.ts'
import { now } from '../store.ts'
import { Button } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { countdown } from '../ui/duration.ts'
import { Facts, Panel } from '../ui/facts.tsx'
import { useRefresh } from './timeline.ts'
import { refusal } from './verbs.tsx'

const shownMs = 60_000

interface Shown {
  readonly screen: GatewayScreen
  readonly until: number
}

/** Nothing at all for a follower whose record has no screen. */
export function ScreenAccess({ gateway }: { readonly gateway: Gateway }) {
  const path = encodeURIComponent(gateway.followerId)
  const ask = useCallback((signal: AbortSignal) => api<Follower>(`/followers/${path}`, { signal }), [path])
  const polled = usePolled(ask, 60_000)
  useRefresh(polled, `${gateway.drift} ${gateway.containerId}`)
  if (polled.answer?.gateway?.vnc !== true) return null
  return <Screen key={gateway.containerId} path={path} />
}

function Screen({ path }: { readonly path: string }) {
  const shown = useSignal<Shown | null>(null)
  const problem = useSignal<string | null>(null)
  const isOver = useComputed(() => shown.value !== null && now.value >= shown.value.until)
  useEffect(() => {
    if (isOver.value) shown.value = null
  }, [isOver.value])
  const show = async () => {
    problem.value = null
    try {
      const screen = await api<GatewayScreen>(`/gateways/${path}/screen`)
      shown.value = { screen, until: now.value + shownMs }
    } catch (error) {
      problem.value = refusal(error, 'Seeing the screen')
    }
  }
  return (
    <Panel title="Screen">
      <p class="soft">For a dialog that blocks the login. Who asks is noted in the history.</p>
      {shown.value === null ? (
        <div>
          <Button onPress={show}>Show screen access</Button>
        </div>
      ) : (
        <Access shown={shown.value} onHide={() => (shown.value = null)} />
      )}
      {problem.value !== null && (
        <p class="refused" role="alert">
          {problem.value}
        </p>
      )}
    </Panel>
  )
}

function Access({ shown, onHide }: { readonly shown: Shown; readonly onHide: () => void }) {
  const { host, port, password } = shown.screen
  const tunnel = `ssh -N -L ${port}:${host}:${port} ${managerHost()}`
  return (
    <>
      <Facts
        facts={[
          ['VNC address', <Copyable key="address" text={`${host}:${port}`} what="VNC address" />],
          ['Password', <Copyable key="password" text={password} what="VNC password" />],
          ['From another machine', <Copyable key="tunnel" text={tunnel} what="tunnel" />],
        ]}
      />
      <p class="soft">
        The screen is on the manager's machine only; the tunnel brings its port to yours, then open
        vnc://127.0.0.1:{port}.
      </p>
      <div>
        <Button onPress={onHide}>Hide now</Button>{' '}
        <span class="soft figure">hides itself in {countdown(shown.until - now.value)}</span>
      </div>
    </>
  )
}

function Copyable({ text, what }: { readonly text: string; readonly what: string }) {
  return (
    <>
      <span class="mono">{text}</span> <CopyButton text={text} what={what} />
    </>
  )
}

/** Where the manager is, for a shell elsewhere: a page over loopback knows no name that is good there. */
function managerHost(): string {
  const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname)
  return isLoopback ? 'MANAGER_HOST' : location.hostname
}
