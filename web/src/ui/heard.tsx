// What a page shows that asks the API itself: loading, the answer, or why there is none; an old answer says that it is old.
import type { ComponentChildren } from 'preact'
import type { Polled } from '../polled.ts'
import { Button } from './button.tsx'
import { EmptyState, Loading } from './empty-state.tsx'
import { Age } from './time.tsx'

export interface HeardProps<T> {
  readonly polled: Polled<T>
  /** What is asked for: `Loading …`, `… cannot be shown`. */
  readonly what: string
  readonly children: (answer: T) => ComponentChildren
}

export function Heard<T>({ polled, what, children }: HeardProps<T>) {
  const { answer, problem, heardAt, refresh } = polled
  if (answer === undefined && problem === undefined) return <Loading what={what} />
  if (answer === undefined)
    return (
      <EmptyState tone="bad" title={`The ${what} cannot be shown`}>
        <p>{problem?.detail}</p>
        <Button onPress={refresh}>Try again</Button>
      </EmptyState>
    )
  return (
    <>
      {problem && heardAt !== undefined && (
        <div class="old-answer" role="alert">
          <p>
            This is <Age at={new Date(heardAt).toISOString()} /> old. {problem.detail}
          </p>
          <Button onPress={refresh}>Try again</Button>
        </div>
      )}
      {children(answer)}
    </>
  )
}
