// Questions that must be answered before anything else: a modal <dialog>, which traps the focus and gives it back.
import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

export interface Question {
  readonly title: string
  readonly body: ComponentChildren
  /** The word on the button that says yes: a verb, never `OK`. */
  readonly confirm: string
  readonly tone?: 'primary' | 'danger'
}

interface Asked extends Question {
  readonly answer: (yes: boolean) => void
}

const asked = signal<Asked | undefined>(undefined)

/** Asks, and resolves with the answer; Escape is no. A question that was open is answered no. */
export function ask(question: Question): Promise<boolean> {
  asked.peek()?.answer(false)
  return new Promise((resolve) => {
    asked.value = {
      ...question,
      answer(yes) {
        asked.value = undefined
        resolve(yes)
      },
    }
  })
}

/** Once in the page. */
export function DialogHost() {
  const question = asked.value
  return question ? <QuestionDialog key={question.title} {...question} /> : null
}

function QuestionDialog({ title, body, confirm, tone = 'primary', answer }: Asked) {
  return (
    <Modal title={title} onClose={() => answer(false)}>
      <div class="dialog-body">{body}</div>
      <div class="dialog-buttons">
        <button type="button" class="button button-plain" onClick={() => answer(false)}>
          Cancel
        </button>
        <button type="button" class={`button button-${tone}`} onClick={() => answer(true)}>
          {confirm}
        </button>
      </div>
    </Modal>
  )
}

export interface ModalProps {
  readonly title: string
  readonly children: ComponentChildren
  readonly onClose: () => void
}

/** A modal of any content. Its first button has the focus, so the one that does nothing belongs first. */
export function Modal({ title, children, onClose }: ModalProps) {
  const element = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const before = document.activeElement
    element.current?.showModal()
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  return (
    <dialog
      ref={element}
      class="dialog"
      aria-labelledby="dialog-title"
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
    >
      <h2 id="dialog-title" class="dialog-title">
        {title}
      </h2>
      {children}
    </dialog>
  )
}
