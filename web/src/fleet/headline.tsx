// How the fleet is, in one sentence that can be read half asleep.

import type { GroupName } from '../../../src/cli/attention.ts'
import type { Tone } from '../ui/phases.ts'
import { Mark } from '../ui/status-badge.tsx'
import type { Group } from './attention.ts'
import { headline } from './headline-words.ts'

const tones: Readonly<Record<GroupName, Tone>> = {
  person: 'person',
  recovering: 'trouble',
  starting: 'moving',
  watch: 'warn',
  running: 'good',
  stopped: 'off',
}

export function Headline({ groups }: { readonly groups: readonly Group[] }) {
  const { words, worst } = headline(groups)
  return (
    <h1 class={`headline headline-${tones[worst]}`}>
      <Mark tone={tones[worst]} />
      {words}
    </h1>
  )
}
