// One alert: what happened, to whom, what to do, and who has seen to it.
import type { Alert, AlertLevel } from '../../../schemas/system.ts'
import { api } from '../api.ts'
import { addressOf } from '../places.ts'
import { asProblem } from '../polled.ts'
import { Button } from '../ui/button.tsx'
import type { Tone } from '../ui/phases.ts'
import { State } from '../ui/state.tsx'
import { Age, Moment } from '../ui/time.tsx'
import { toast } from '../ui/toast.tsx'

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
        {needsSomebody && (
          <Button onPress={() => acknowledge(alert, onChange)} label={`Acknowledge: ${title}`}>
            Acknowledge
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
          <strong>What to do:</strong> <bdi>{action}</bdi>
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
            since <Age at={raisedAt} />
          </>
        ) : (
          <>
            <Moment at={raisedAt} />, over since <Age at={resolvedAt} />
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

async function acknowledge({ id, title }: Alert, onChange: () => Promise<void>): Promise<void> {
  try {
    await api<Alert>(`/alerts/${encodeURIComponent(id)}/acknowledge`, { method: 'POST' })
  } catch (error) {
    return toast(`“${title}” could not be acknowledged. ${asProblem(error).detail}`, 'bad')
  }
  await onChange()
  toast(`Acknowledged: ${title}`)
}

/** A link must lead to a page, whatever wrote it. */
const isAddress = (text: string) => /^(https?:\/\/|\/(?!\/))/.test(text)
