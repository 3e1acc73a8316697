// Copies a text to the clipboard and says so.
import { useSignal } from '@preact/signals'
import { announce, toast } from './toast.tsx'

/** `what` names the text for screen readers: `Copy endpoint`. */
export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const copied = useSignal(false)
  const copy = async () => {
    if (!(await copyText(text))) return toast(`The browser did not let the page copy: ${text}`, 'bad')
    copied.value = true
    announce(`${what} copied`)
    setTimeout(() => {
      copied.value = false
    }, 1_500)
  }
  return (
    <button
      type="button"
      class="copy"
      aria-label={`Copy ${what}`}
      title={`Copy ${what}`}
      onClick={() => void copy()}
    >
      {copied.value ? 'copied' : 'copy'}
    </button>
  )
}

/** The clipboard needs a secure page; over plain HTTP to another host an old way is left. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const area = document.createElement('textarea')
    area.value = text
    area.className = 'only-heard'
    document.body.append(area)
    area.select()
    const done = document.execCommand('copy')
    area.remove()
    return done
  }
}
