// What is going on beyond the phase: why, what a person should do, what counts down, what is odd.
import { useComputed } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import type { Gateway } from '../../../schemas/gateway.ts'
import { approvalEnd, needsPerson } from '../../../src/cli/attention.ts'
import { minute, openAlerts } from '../store.ts'
import { moment } from '../ui/duration.ts'
import { lookOf } from '../ui/phases.ts'
import { Age, Countdown, Moment } from '../ui/time.tsx'
import { Remedy } from './remedy.tsx'
import { launchStages, needsOtherCredentials, whyNot } from './verb-rules.ts'

export function Situation({ gateway }: { readonly gateway: Gateway }) {
  const { phase, reason, retryAt, progress, conditions } = gateway
  const { tone } = lookOf(gateway, minute.value)
  const nextTry = phase === 'backing-off' ? retryAt : undefined
  // A try that comes to nothing unless somebody acts is no promise to count down to.
  const isVain = nextTry !== undefined && needsPerson(gateway, minute.value)
  const counts = approvalEnd(gateway) ?? (isVain ? undefined : nextTry)
  const hasNews =
    reason !== undefined || counts !== undefined || progress !== undefined || launchStages(gateway) !== null
  return (
    <>
      {hasNews && (
        <section class={`situation situation-${tone}`} aria-label="Situation">
          <div class="situation-words">
            {reason && <p class="situation-reason">{reason.message}</p>}
            {phase === 'awaiting-2fa' ? (
              <p class="situation-action">Approve the login on IBKR Mobile, on the phone of this user.</p>
            ) : (
              reason?.action && <p class="situation-action">{reason.action}</p>
            )}
            <Remedy gateway={gateway} />
            {needsOtherCredentials(gateway) && <p class="soft">{whyNot('launch', gateway)}</p>}
            {isVain && (
              <p class="soft">
                Until then it stays down. It is looked at again in <Countdown until={nextTry} />.
              </p>
            )}
            {progress !== undefined && <p class="situation-progress figure">{progress}</p>}
            <Stages gateway={gateway} />
          </div>
          {counts !== undefined && (
            <p class="situation-clock">
              <Countdown until={counts} />
              <span class="situation-clock-words">
                {phase === 'awaiting-2fa' ? 'left to approve, until ' : 'until the next try, at '}
                {moment(Date.parse(counts)).slice(11)}
              </span>
            </p>
          )}
        </section>
      )}
      <Alerts followerId={gateway.followerId} />
      {conditions
        .filter(({ status }) => status)
        .map(({ type, since, message }) => (
          <Note key={type} title={spaced(type)}>
            {message} For <Age at={since} />, since <Moment at={since} />.
          </Note>
        ))}
    </>
  )
}

/** What has been told to people about it and is not over; each with its way out where one is written down. */
function Alerts({ followerId }: { readonly followerId: string }) {
  const open = useComputed(() => openAlerts.value.filter((alert) => alert.followerId === followerId)).value
  return open.map(({ id, title, raisedAt, acknowledgedBy, runbook }) => (
    <Note key={id} title="Alert:" tone="quiet">
      <a href="#/alerts">
        <bdi>{title}</bdi>
      </a>
      , <Age at={raisedAt} /> ago{acknowledgedBy !== undefined && `, acknowledged by ${acknowledgedBy}`}.{' '}
      {runbook !== undefined && <a href={runbook}>What to do, step by step</a>}
    </Note>
  ))
}

function Stages({ gateway }: { readonly gateway: Gateway }) {
  const stages = launchStages(gateway)
  if (stages === null) return null
  return (
    <ol class="stages" aria-label="Stages of the launch">
      {stages.map(({ words, state }) => (
        <li key={words} class={`stage stage-${state}`} aria-current={state === 'now' ? 'step' : undefined}>
          {words}
          {state === 'done' && <span class="only-heard">, done</span>}
        </li>
      ))}
    </ol>
  )
}

interface NoteProps {
  readonly title: string
  readonly tone?: 'quiet' | 'warn'
  readonly children: ComponentChildren
}

function Note({ title, tone = 'warn', children }: NoteProps) {
  return (
    <p class={`note note-${tone}`}>
      <strong>{title}</strong> {children}
    </p>
  )
}

/** `MarketDataFarmDown` as words. */
function spaced(type: string): string {
  const words = type.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}
