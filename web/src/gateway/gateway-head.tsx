// The page's head: whose gateway this is, how it is, and what can be done to it.
import type { Gateway } from '../../../schemas/gateway.ts'
import { minute } from '../store.ts'
import { Button } from '../ui/button.tsx'
import { lookOf } from '../ui/phases.ts'
import { ModeMark, StatusBadge } from '../ui/status-badge.tsx'
import { Age } from '../ui/time.tsx'
import { fittingVerb, type Verb, whyNot } from './verb-rules.ts'
import { runVerb, verbTexts } from './verbs.tsx'

const verbs: readonly Verb[] = ['launch', 'stop', 'restart', 'restart-container', 'reconnect']

export function GatewayHead({ gateway }: { readonly gateway: Gateway }) {
  const { followerId, name, tradingMode, since } = gateway
  return (
    <header class="gateway-head">
      <a class="gateway-back" href="#/">
        Fleet
      </a>
      <div class="gateway-title">
        <h1 id="page-title" class="page-title">
          <bdi>{name || followerId}</bdi>
        </h1>
        <p class="gateway-names">
          {name && <bdi class="mono">{followerId}</bdi>}
          <ModeMark mode={tradingMode} />
        </p>
      </div>
      <p class="gateway-status">
        <StatusBadge gateway={gateway} />
        <span class="soft">
          for <Age at={since} />
        </span>
        <span class="only-heard" role="status">
          {lookOf(gateway, minute.value).words}
        </span>
      </p>
      <VerbBar gateway={gateway} />
    </header>
  )
}

/** Every verb, always in the same place; those that make no sense now say why. */
function VerbBar({ gateway }: { readonly gateway: Gateway }) {
  const fitting = fittingVerb(gateway)
  return (
    <fieldset class="verb-bar">
      <legend class="only-heard">What to do</legend>
      {verbs.map((verb) => {
        const reason = whyNot(verb, gateway)
        return (
          <Button
            key={verb}
            onPress={() => runVerb(gateway, verb)}
            tone={verb === fitting && verb !== 'stop' ? 'primary' : 'plain'}
            {...(reason !== null && { whyNot: reason })}
          >
            {verbTexts[verb].label}
          </Button>
        )
      })}
    </fieldset>
  )
}
