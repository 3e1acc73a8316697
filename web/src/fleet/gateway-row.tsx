// One gateway of the fleet: what it does and since when, why, and what to press. Drawn anew only when it changes itself.
import type { Gateway } from '../../../schemas/gateway.ts'
import { approvalEnd, groupOf, needsPerson } from '../../../src/cli/attention.ts'
import { Remedy } from '../gateway/remedy.tsx'
import { fittingVerb, remedyOf } from '../gateway/verb-rules.ts'
import { VerbButton } from '../gateway/verbs.tsx'
import { addressOf } from '../places.ts'
import { minute } from '../store.ts'
import { roundTrip } from '../ui/duration.ts'
import { lookOf } from '../ui/phases.ts'
import { ModeMark, StatusBadge } from '../ui/status-badge.tsx'
import { Age, Countdown } from '../ui/time.tsx'
import { selection, toggleSelected } from './selection.ts'

export function GatewayRow({ gateway }: { readonly gateway: Gateway }) {
  const { followerId, name, tradingMode, accounts } = gateway
  const group = groupOf(gateway, minute.value)
  return (
    <div class={`row row-${lookOf(gateway, minute.value).tone} row-in-${group}`}>
      <SelectBox followerId={followerId} />
      <div class="row-state">
        <StatusBadge gateway={gateway} />
        <span class="row-age">
          <Age at={gateway.since} />
        </span>
      </div>
      <div class="row-what">
        <div class="row-names">
          <a class="row-id" href={addressOf({ page: 'gateway', followerId })}>
            <bdi>{followerId}</bdi>
          </a>
          <ModeMark mode={tradingMode} />
          {name !== undefined && <bdi class="row-name">{name}</bdi>}
        </div>
        <Why gateway={gateway} />
      </div>
      {accounts.length > 0 && <div class="row-accounts mono">{accounts.join(' ')}</div>}
      <Pulse gateway={gateway} />
      <Clock gateway={gateway} />
      <div class="row-action">
        <QuickAction gateway={gateway} />
      </div>
    </div>
  )
}

function SelectBox({ followerId }: { readonly followerId: string }) {
  const chosen = selection.value
  if (!chosen) return null
  return (
    <input
      class="row-box"
      type="checkbox"
      aria-label={`Select ${followerId}`}
      checked={chosen.has(followerId)}
      onChange={() => toggleSelected(followerId)}
    />
  )
}

/** Reason and action in words; of a gateway that runs only what is unusual. */
function Why({ gateway }: { readonly gateway: Gateway }) {
  const { reason, progress, conditions, drift, status } = gateway
  const told = status === 'RUNNING' && gateway.phase === 'ready' ? undefined : reason
  return (
    <>
      {told && <p class="row-reason">{sentence(told.message)}</p>}
      {told?.action !== undefined && (
        <p class="row-todo">
          <span class="only-heard">What to do: </span>
          {told.action}
        </p>
      )}
      <Remedy gateway={gateway} />
      {progress !== undefined && <p class="row-note">{progress}</p>}
      {conditions
        .filter((condition) => condition.status)
        .map(({ type, message }) => (
          <p key={type} class="row-note">
            {message ?? type}
          </p>
        ))}
      {drift && <p class="row-note">Its settings have changed; a restart applies them.</p>}
    </>
  )
}

/** The last sign of life, of one that should give it. */
function Pulse({ gateway }: { readonly gateway: Gateway }) {
  const { connected, lastHeartbeatAt, heartbeatRttMs, retryAt } = gateway
  const matters = connected || (groupOf(gateway, minute.value) === 'recovering' && retryAt === undefined)
  if (lastHeartbeatAt === undefined || !matters) return null
  return (
    <div class="row-pulse">
      {connected && heartbeatRttMs !== undefined && (
        <span class="figure" title="Round trip of the last heartbeat">
          {roundTrip(heartbeatRttMs)}
        </span>
      )}
      <span class="row-heard">
        <span class="row-heard-word">heard </span>
        <Age at={lastHeartbeatAt} suffix=" ago" />
      </span>
    </div>
  )
}

/** What is counted down to. */
function Clock({ gateway }: { readonly gateway: Gateway }) {
  const { retryAt } = gateway
  const approve = approvalEnd(gateway)
  if (approve !== undefined)
    return (
      <span class="row-clock row-clock-deadline">
        <Countdown until={approve} />
        <span class="row-clock-word">to approve</span>
      </span>
    )
  // A try that comes to nothing unless somebody acts is no promise to count down to.
  if (retryAt !== undefined && !needsPerson(gateway, minute.value))
    return (
      <span class="row-clock">
        <Countdown until={retryAt} />
        <span class="row-clock-word">to next try</span>
      </span>
    )
  return null
}

/** What one would press next. What runs is left alone here: its page and the bulk bar stop it. */
function QuickAction({ gateway }: { readonly gateway: Gateway }) {
  const { followerId, phase } = gateway
  if (remedyOf(gateway) !== undefined)
    return (
      <a
        class="button button-plain"
        href={addressOf({ page: 'gateway', followerId })}
        aria-label={`What to do about ${followerId}`}
      >
        What to do
      </a>
    )
  const verb = phase === 'ready' ? undefined : fittingVerb(gateway)
  if (verb === undefined) return null
  return <VerbButton gateway={gateway} verb={verb} tone={phase === 'locked' ? 'primary' : 'plain'} />
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
