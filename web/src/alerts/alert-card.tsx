// One alert: what happened, to whom, what to do, and who has seen to it.
import type { Alert, AlertLevel } from '../../../schemas/alert.ts'
import { addressOf } from '../places.ts'
import { Button } from '../ui/button.tsx'
import type { Tone } from '../ui/phases.ts'
import { State } from '../ui/state.tsx'
import { Age, Moment } from '../ui/time.tsx'
import { acknowledge, heldInPlace } from './acknowledge.ts'

const tones: Readonly<Record<AlertLevel, Tone>> = {
  CRITICAL: 'person',
  ERROR: 'trouble',
  WARNING: 'warn',
  INFO: 'moving',
}

export interface AlertCardProps {
  readonly alert: Alert
  /** After it was acknowledged. */
  readonly onChange: () => Promise<void>
}

export function AlertCard({ alert, onChange }: AlertCardProps) {
  const { id, level, code, title, message, action, runbook, acknowledgedAt, resolvedAt } = alert
  const needsSomebody = resolvedAt === undefined && acknowledgedAt === undefined
  const isHeld = resolvedAt === undefined && heldInPlace.value.has(id)
  const heading = `alert-${id}`
  return (
    <article
      class={`panel alert alert-${tones[level]}${needsSomebody ? '' : ' alert-quiet'}`}
      aria-labelledby={heading}
    >
      <header class="alert-head">
        <State tone={tones[level]}>{level}</State>
        <h3 id={heading} class="alert-title">
          <bdi>{title}</bdi>
        </h3>
        {(needsSomebody || isHeld) && (
          <Button
            onPress={() => acknowledge(alert, onChange)}
            disabled={isHeld}
            label={`${isHeld ? 'Acknowledged' : 'Acknowledge'}: ${title}`}
          >
            {isHeld ? 'Acknowledged' : 'Acknowledge'}
          </Button>
        )}
      </header>
      {message !== title && (
        <p class="alert-message">
          <bdi>{message}</bdi>
        </p>
      )}
      {action !== undefined && (
        <p class="alert-action">
          {resolvedAt === undefined ? <strong>What to do:</strong> : 'What was to do:'} <bdi>{action}</bdi>
          {runbook !== undefined && isAddress(runbook) && (
            <>
              {' '}
              <a
                href={runbook}
                target="_blank"
                rel="noreferrer"
                aria-label={`Step by step in the runbook: ${code}, in a new tab`}
              >
                Step by step in the runbook
              </a>
            </>
          )}
        </p>
      )}
      <AlertFacts alert={alert} />
    </article>
  )
}

function AlertFacts({ alert }: { readonly alert: Alert }) {
  const { followerId, code, count, raisedAt, lastRaisedAt, acknowledgedAt, acknowledgedBy, resolvedAt } =
    alert
  return (
    <p class="alert-facts">
      {followerId !== undefined && (
        <span>
          <a href={addressOf({ page: 'gateway', followerId })}>
            <bdi>{followerId}</bdi>
          </a>
        </span>
      )}
      <code>{code}</code>
      <span>
        {resolvedAt === undefined ? (
          <>
            for <Age at={raisedAt} />, since <Moment at={raisedAt} />
          </>
        ) : (
          <>
            <Moment at={raisedAt} />, over <Age at={resolvedAt} suffix=" ago" />
          </>
        )}
      </span>
      {count > 1 && (
        <span>
          {count.toLocaleString('en')} times, last <Age at={lastRaisedAt} suffix=" ago" />
        </span>
      )}
      {acknowledgedAt !== undefined && (
        <span>
          acknowledged by <bdi>{acknowledgedBy ?? 'somebody'}</bdi> <Age at={acknowledgedAt} suffix=" ago" />
        </span>
      )}
    </p>
  )
}

/** A link must lead to a page, whatever wrote it. */
const isAddress = (text: string) => /^(https?:\/\/|\/(?!\/))/.test(text)
