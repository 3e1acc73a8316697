// The command that a person runs where nothing on this page helps, to be copied.
import type { Gateway } from '../../../schemas/gateway.ts'
import { CopyButton } from '../ui/copy-button.tsx'
import { remedyOf } from './verb-rules.ts'

/** Nothing where no command is known to help. */
export function Remedy({ gateway }: { readonly gateway: Gateway }) {
  const command = remedyOf(gateway)
  if (command === undefined) return null
  return (
    <p class="remedy">
      <code>{command}</code> <CopyButton text={command} what={`command for ${gateway.followerId}`} />
    </p>
  )
}
