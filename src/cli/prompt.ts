// Questions on a terminal: a line of text, a line nobody else can read, a yes.
import { CliError, type Io } from './io.ts'

/** Both ends are a terminal, so that asking makes sense. */
export function canAsk(io: Io): boolean {
  return io.stdin.isTTY === true && io.stderr.isTTY === true
}

/** Asks on stderr (stdout may be piped) and reads one line; with `hidden` nothing that is typed shows. */
export async function ask(io: Io, question: string, options: { hidden?: boolean } = {}): Promise<string> {
  io.stderr.write(question)
  const { stdin } = io
  // Raw mode keeps the terminal from echoing; then editing keys and Ctrl-C are ours to handle.
  if (options.hidden) stdin.setRawMode?.(true)
  stdin.setEncoding('utf8')
  try {
    return await readLine(io)
  } finally {
    if (options.hidden) {
      stdin.setRawMode?.(false)
      io.stderr.write('\n')
    }
    stdin.pause()
  }
}

/** True for y or yes. */
export async function confirm(io: Io, question: string): Promise<boolean> {
  return /^y(es)?$/i.test((await ask(io, `${question} [y/N] `)).trim())
}

const enter = /^[\r\n]$/
const backspace = /^[\x7f\b]$/
const interrupt = '\x03'
const endOfInput = '\x04'

function readLine({ stdin, signal }: Io): Promise<string> {
  return new Promise((resolve, reject) => {
    let line: string[] = []
    const finish = (settle: () => void) => {
      stdin.off('data', onData)
      stdin.off('end', onEnd)
      signal?.removeEventListener('abort', onAbort)
      settle()
    }
    const giveUp = () =>
      finish(() => reject(new CliError('failed', 'nothing was answered', { code: 'INTERRUPTED' })))
    const onAbort = giveUp
    const onEnd = giveUp
    const onData = (chunk: string) => {
      for (const key of chunk) {
        if (enter.test(key)) return finish(() => resolve(line.join('')))
        if (key === interrupt || (key === endOfInput && line.length === 0)) return giveUp()
        if (backspace.test(key)) line = line.slice(0, -1)
        else if (key >= ' ') line.push(key)
      }
    }
    if (signal?.aborted) return giveUp()
    stdin.on('data', onData)
    stdin.on('end', onEnd)
    signal?.addEventListener('abort', onAbort)
    stdin.resume()
  })
}
