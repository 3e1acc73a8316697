// How a bot connects: the endpoint, and programs that lease a client id and use it.
import { useSignal } from '@preact/signals'
import type { Gateway } from '../../../schemas/gateway.ts'
import { token } from '../token.ts'
import { CopyButton } from '../ui/copy-button.tsx'
import { Panel } from '../ui/facts.tsx'
import { snippetsFor } from './snippets.ts'

export function Connect({ gateway }: { readonly gateway: Gateway }) {
  const { followerId, endpoint, status } = gateway
  return (
    <Panel title="Connect">
      {endpoint ? (
        <p class="endpoint">
          <Copyable text={`${endpoint.host}:${endpoint.port}`} what="endpoint" />
          <span class="soft">
            host <Copyable text={endpoint.host} what="host" /> port{' '}
            <Copyable text={String(endpoint.port)} what="port" />
          </span>
        </p>
      ) : (
        <p class="soft">It has no address while it has no container.</p>
      )}
      <p class="soft connect-words">
        On the machine of the manager. A bot leases a client id first, so that no two share one
        {status === 'RUNNING' ? '.' : '; that takes a gateway that is RUNNING.'}
      </p>
      <Snippets followerId={followerId} />
    </Panel>
  )
}

function Copyable({ text, what }: { readonly text: string; readonly what: string }) {
  return (
    <span class="copyable">
      <span class="mono figure">{text}</span> <CopyButton text={text} what={what} />
    </span>
  )
}

function Snippets({ followerId }: { readonly followerId: string }) {
  const chosen = useSignal(0)
  const snippets = snippetsFor({ followerId, manager: location.origin, needsToken: token() !== undefined })
  const snippet = snippets[chosen.value] ?? snippets[0]
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (step === undefined) return
    chosen.value = (chosen.value + step + snippets.length) % snippets.length
    const tabs = (event.currentTarget as Element).querySelectorAll<HTMLElement>('[role=tab]')
    tabs[chosen.value]?.focus()
  }
  return (
    <div class="snippets">
      <div class="tabs" role="tablist" aria-label="Programs" onKeyDown={onKey}>
        {snippets.map(({ name }, i) => (
          <button
            key={name}
            type="button"
            class="tab"
            role="tab"
            id={`snippet-tab-${i}`}
            aria-controls="snippet"
            aria-selected={i === chosen.value}
            tabIndex={i === chosen.value ? 0 : -1}
            onClick={() => {
              chosen.value = i
            }}
          >
            {name}
          </button>
        ))}
      </div>
      {snippet && (
        <div class="snippet" role="tabpanel" id="snippet" aria-labelledby={`snippet-tab-${chosen.value}`}>
          <p class="snippet-head">
            <span class="soft">{snippet.needs}</span>
            <CopyButton text={snippet.code} what={`${snippet.name} program`} />
          </p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
          <section class="code" tabIndex={0} aria-label={`${snippet.name} program`}>
            <pre>{snippet.code}</pre>
          </section>
        </div>
      )}
    </div>
  )
}
