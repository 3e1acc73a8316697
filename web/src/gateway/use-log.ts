// The lines of a gateway's log, kept from container to container while somebody looks.
import { type ReadonlySignal, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Gateway } from '../../../schemas/gateway.ts'
import { type FollowState, followLog } from './log-follow.ts'
import { bounded, lineLimit, type ShownLine, shownLine } from './log-lines.ts'

export interface FollowedLog {
  readonly lines: ReadonlySignal<readonly ShownLine[]>
  readonly state: ReadonlySignal<FollowState>
}

/** A burst of lines is drawn at once. */
const drawEveryMs = 50

/** Follows the log of the present container; when another comes, its lines go on below those of the last. */
export function useLog({ followerId, containerId, startedAt }: Gateway): FollowedLog {
  const lines = useSignal<readonly ShownLine[]>([])
  const state = useSignal<FollowState>({ kind: 'opening' })
  const nextKey = useRef(0)
  useEffect(() => {
    const before = lines.peek()
    // Without a container only the last one's final lines can be had, which are here already.
    if (containerId === undefined && before.length > 0) {
      state.value = { kind: 'ended' }
      return
    }
    const title: ShownLine[] =
      before.length === 0
        ? []
        : [
            {
              key: nextKey.current++,
              text: `Another start: container ${containerId?.slice(0, 12)}`,
              tone: 'note',
            },
          ]
    const firstKey = nextKey.current
    let current: ShownLine[] = []
    let timer: ReturnType<typeof setTimeout> | undefined
    const draw = () => {
      timer = undefined
      lines.value = bounded([...before, ...title, ...current])
    }
    const over = new AbortController()
    void followLog(
      { followerId, once: containerId === undefined },
      {
        onBegin() {
          current = []
          nextKey.current = firstKey
          timer ??= setTimeout(draw, drawEveryMs)
        },
        onLine(text) {
          current.push(shownLine(nextKey.current++, text))
          if (current.length > 2 * lineLimit) current = current.slice(-lineLimit)
          timer ??= setTimeout(draw, drawEveryMs)
        },
        onState(next) {
          state.value = next
        },
      },
      over.signal,
    )
    return () => {
      over.abort()
      clearTimeout(timer)
      if (timer !== undefined) draw()
    }
  }, [followerId, containerId, startedAt])
  return { lines, state }
}
