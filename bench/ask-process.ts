// Talk with a process of a measurement: a message to it, and what it says next.
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** The next thing that the process says after being told `message`. */
export async function askProcess<T>(child: ChildProcess, message: object | string): Promise<T> {
  const over = new AbortController()
  try {
    const ended = once(child, 'exit', over).then(() => Promise.reject(new Error('a process has ended')))
    const answered = once(child, 'message', over)
    child.send(message)
    const [answer] = (await Promise.race([answered, ended])) as [T]
    return answer
  } finally {
    over.abort()
  }
}
