// Waiting for a data source to change, without missing a change that comes before the waiting begins.
import type { Clock } from '../ports/clock.ts'
import type { DataSource } from './data-source.ts'

export interface SourceChange {
  /** True when the time is over, false when the source changed; true at once when `signal` aborts. */
  within(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean>
  stop(): void
}

/** One change of a source, heard from now on. */
export function changeOf(source: DataSource): SourceChange {
  let hasChanged = false
  let wake: (() => void) | undefined
  const stop = source.onChange(() => {
    hasChanged = true
    wake?.()
  })
  return {
    stop,
    within: (clock, ms, signal) =>
      new Promise<boolean>((resolve) => {
        const settle = (isOver: boolean) => {
          cancel()
          signal.removeEventListener('abort', onAbort)
          stop()
          resolve(isOver)
        }
        const onAbort = () => settle(true)
        const cancel = clock.schedule(ms, () => settle(true))
        wake = () => settle(false)
        if (hasChanged) settle(false)
        else if (signal.aborted) settle(true)
        else signal.addEventListener('abort', onAbort, { once: true })
      }),
  }
}
