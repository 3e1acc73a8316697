// The gateway's log as it grows, the stages of the login marked; it can be held to be read.
import { useComputed, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Gateway } from '../../../schemas/gateway.ts'
import { Button } from '../ui/button.tsx'
import { Panel } from '../ui/facts.tsx'
import type { FollowState } from './log-follow.ts'
import { partsOf, type ShownLine } from './log-lines.ts'
import { useLog } from './use-log.ts'

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
        <span class="soft">Times in the gateway's own zone</span>
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

function stateWords(state: FollowState, { containerId }: Gateway, hasLines: boolean): string {
  switch (state.kind) {
    case 'opening':
      return 'Opening…'
    case 'following':
      return 'Following'
    case 'broken':
      return `Broken off, trying again. ${state.detail}`
    case 'ended':
      if (containerId !== undefined) return 'The log has ended; it is asked for again.'
      return hasLines
        ? 'There is no container; these are the last words of the last one.'
        : 'There is no container.'
  }
}
