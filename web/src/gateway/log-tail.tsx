// The gateway's log as it grows, the stages of the login marked; it can be held to be read.
import { useComputed, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Gateway } from '../../../schemas/gateway.ts'
import { Button } from '../ui/button.tsx'
import { Panel } from '../ui/facts.tsx'
import { type FollowState, followLog } from './log-follow.ts'
import { bounded, partsOf, type ShownLine, shownLine } from './log-lines.ts'

export function LogTail({ gateway }: { readonly gateway: Gateway }) {
  const { lines, state } = useLog(gateway)
  const held = useSignal<readonly ShownLine[] | null>(null)
  const marksOnly = useSignal(false)
  const missed = useComputed(() => {
    const last = held.value?.at(-1)?.key ?? -1
    return held.value === null ? 0 : lines.value.filter(({ key }) => key > last).length
  })
  const all = held.value ?? lines.value
  const shown = marksOnly.value ? all.filter(({ mark, tone }) => mark !== undefined || tone !== 'plain') : all
  return (
    <Panel title="Log">
      <div class="log-tools">
        <Button
          onPress={() => {
            held.value = held.value === null ? lines.value : null
          }}
        >
          {held.value === null ? 'Pause' : missed.value > 0 ? `Resume (${missed.value} new)` : 'Resume'}
        </Button>
        <label class="log-filter">
          <input
            type="checkbox"
            checked={marksOnly.value}
            onChange={(event) => {
              marksOnly.value = event.currentTarget.checked
            }}
          />
          Only stages and errors
        </label>
        <span class="log-state soft">{stateWords(state.value, gateway, all.length > 0)}</span>
      </div>
      <Lines lines={shown} isHeld={held.value !== null} followerId={gateway.followerId} />
    </Panel>
  )
}

interface LinesProps {
  readonly lines: readonly ShownLine[]
  readonly isHeld: boolean
  readonly followerId: string
}

/** Stays at its end while the reader is there. */
function Lines({ lines, isHeld, followerId }: LinesProps) {
  const box = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  useEffect(() => {
    if (box.current && atEnd.current && !isHeld) box.current.scrollTop = box.current.scrollHeight
  }, [lines, isHeld])
  return (
    <div
      ref={box}
      class={lines.length === 0 ? 'log log-short' : 'log'}
      role="log"
      aria-live="off"
      aria-label={`Log of ${followerId}`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        atEnd.current = scrollHeight - scrollTop - clientHeight < 24
      }}
    >
      {lines.length === 0 ? (
        <p class="log-empty">Nothing to show.</p>
      ) : (
        lines.map((line) => <Line key={line.key} line={line} />)
      )}
    </div>
  )
}

function Line({ line: { text, tone, mark } }: { readonly line: ShownLine }) {
  const { stamp, rest } = partsOf(text)
  return (
    <div class={`log-line log-${tone}`}>
      {stamp !== '' && <span class="log-stamp">{stamp}</span>}
      <bdi>{rest}</bdi>
      {mark !== undefined && <span class="log-mark">{mark}</span>}
    </div>
  )
}

/** The lines so far and how reading goes; another container's log goes on below. */
function useLog({ followerId, containerId, startedAt }: Gateway) {
  const lines = useSignal<readonly ShownLine[]>([])
  const state = useSignal<FollowState>({ kind: 'opening' })
  const keys = useRef(0)
  useEffect(() => {
    const over = new AbortController()
    const own = keys.current
    let arrived: ShownLine[] = []
    let frame: ReturnType<typeof setTimeout> | undefined
    const publish = () => {
      frame = undefined
      lines.value = bounded([...lines.value, ...arrived])
      arrived = []
    }
    const add = (line: ShownLine) => {
      arrived = [...bounded([...arrived, line])]
      // A burst of lines is drawn at once; a hidden page draws no frames, but must not pile up either.
      frame ??= setTimeout(publish, 50)
    }
    // Without a container only the last one's final lines can be had, which are here already.
    if (containerId === undefined && lines.value.length > 0) {
      state.value = { kind: 'ended' }
      return
    }
    void followLog(
      followerId,
      {
        onBegin() {
          arrived = []
          const before = lines.value.filter(({ key }) => key < own)
          const note =
            before.length > 0
              ? [
                  {
                    key: keys.current++,
                    text: `Another start: container ${containerId?.slice(0, 12) ?? ''}`,
                    tone: 'note' as const,
                  },
                ]
              : []
          lines.value = bounded([...before, ...note])
        },
        onLine: (text) => add(shownLine(keys.current++, text)),
        onState(next) {
          state.value = next
        },
      },
      over.signal,
    )
    return () => {
      over.abort()
      clearTimeout(frame)
      if (arrived.length > 0) publish()
    }
  }, [followerId, containerId, startedAt])
  return { lines, state }
}

function stateWords(state: FollowState, { containerId }: Gateway, hasLines: boolean): string {
  switch (state.kind) {
    case 'opening':
      return 'Opening…'
    case 'following':
      return 'Following'
    case 'broken':
      return `Broken off, trying again. ${state.detail}`
    case 'ended':
      if (containerId !== undefined) return 'The container has ended.'
      return hasLines
        ? 'There is no container; these are the last words of the last one.'
        : 'There is no container.'
  }
}
