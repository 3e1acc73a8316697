// An answer of the API that is asked for again and again while somebody looks at the page.
import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiProblem } from './api.ts'
import { connection } from './store.ts'

/** What was heard last. With both an answer and a problem, the answer is an old one, of `heardAt` (epoch ms). */
export interface Polled<T> {
  readonly answer?: T
  readonly heardAt?: number
  readonly problem?: ApiProblem
  /** Asks now; resolves when that is answered, one way or the other. */
  refresh(): Promise<void>
}

const patienceMs = 15_000

/**
 * Asks at once, then `everyMs` after each answer; not while the page is hidden, and at once when it is shown again or when the live stream
 * is back: what happened meanwhile, it does not tell. `ask` must be the same
 * function from rendering to rendering.
 */
export function usePolled<T>(ask: (signal: AbortSignal) => Promise<T>, everyMs: number): Polled<T> {
  const [heard, setHeard] = useState<Omit<Polled<T>, 'refresh'>>({})
  const look = useRef(async () => {})
  useEffect(() => {
    const left = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    let latest = 0
    look.current = async () => {
      clearTimeout(timer)
      const turn = ++latest
      try {
        const answer = await ask(AbortSignal.any([left.signal, AbortSignal.timeout(patienceMs)]))
        if (turn === latest && !left.signal.aborted) setHeard({ answer, heardAt: Date.now() })
      } catch (error) {
        if (turn === latest && !left.signal.aborted)
          setHeard(({ problem: _, ...before }) => ({ ...before, problem: asProblem(error) }))
      }
      if (turn === latest && !left.signal.aborted && !document.hidden) {
        timer = setTimeout(() => void look.current(), everyMs)
      }
    }
    const onVisibility = () => {
      if (document.hidden) clearTimeout(timer)
      else void look.current()
    }
    document.addEventListener('visibilitychange', onVisibility)
    let wasAway = false
    const forget = connection.subscribe(({ state }) => {
      if (state === 'live' && wasAway) void look.current()
      wasAway = state === 'stale' || (wasAway && state !== 'live')
    })
    void look.current()
    return () => {
      left.abort()
      clearTimeout(timer)
      forget()
      document.removeEventListener('visibilitychange', onVisibility)
    }
  }, [ask, everyMs])
  return { ...heard, refresh: () => look.current() }
}

/** Anything that was thrown while asking, in words that can be shown. */
export function asProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error
  const late = error instanceof DOMException && error.name === 'TimeoutError'
  const detail = late
    ? `The manager has not answered within ${patienceMs / 1000} s. It may be overloaded, or the network between is slow.`
    : `The page could not read the answer: ${String(error)}`
  return new ApiProblem({ title: 'No answer', detail, code: late ? 'TIMEOUT' : 'UNREADABLE', status: 0 })
}
