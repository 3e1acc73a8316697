// Follows one container's log and keeps what it tells of the login. Tells its owner when that changes; decides nothing.
import type { GatewayRuntime, LogLine } from '../../ports/runtime.ts'
import { advanceLogin } from './login-stage.ts'
import { type LoginProgress, newLogin } from './progress.ts'
import { scrubLine } from './scrub.ts'

/** Lines read back from a container that was up before us; its start may be cut off. */
const adoptedTail = 5_000
/** What was logged before we listened comes at once: so long after its first line it has been read. */
const readBackMs = 2_000
/** An engine may take its time before the first line comes; a log that cannot be read is not waited for longer. */
const firstLineMs = 30_000
/** What is kept of a log for the time after its container: lines, and characters of each. */
const keptLines = 200
const keptCharacters = 1_000

export class LogReader {
  readonly containerId: string
  /** When JVMs after the first started in this container, by the engine's clock (ms since the epoch): each may spend a login. */
  readonly laterStarts: number[] = []
  readonly #tail: LogLine[] = []
  #progress: LoginProgress
  #readAt: number
  #endedAt: number | null = null
  #lastAt: number | undefined
  /** Lines that bear the last stamp: when the stream is taken up again they come once more. */
  #linesAtLast = 0
  readonly #closing = new AbortController()
  readonly #done: Promise<void>

  constructor(
    deps: {
      runtime: GatewayRuntime
      now: () => number
      onChange: () => void
      /** What was there before us, as after an adoption, is no news. */
      onLogin?: (before: LoginProgress, after: LoginProgress, at: number) => void
      /** IBKR has rejected a login, by the engine's time stamp; told of the past too. */
      onRejected: (at: number) => void
      onError: (err: unknown) => void
    },
    from: { containerId: string; startedAt: number; adopted: boolean; resume?: LogReader },
  ) {
    this.containerId = from.containerId
    this.#progress = from.resume?.progress ?? newLogin(from.startedAt)
    this.#lastAt = from.resume?.lastAt
    this.#linesAtLast = from.resume ? from.resume.#linesAtLast : 0
    this.#readAt = from.adopted || from.resume ? deps.now() + firstLineMs : 0
    this.laterStarts.push(...(from.resume?.laterStarts ?? []))
    this.#tail.push(...(from.resume?.tail ?? []))
    this.#done = this.#follow(deps, from.adopted).catch((err) => {
      if (!this.#closing.signal.aborted) deps.onError(err)
    })
  }

  /** The last lines, scrubbed, oldest first. */
  get tail(): readonly LogLine[] {
    return this.#tail
  }

  get progress(): LoginProgress {
    return this.#progress
  }

  /** The engine's time stamp of the last line. */
  get lastAt(): number | undefined {
    return this.#lastAt
  }

  /** Until then (ms since the epoch) the past may still be coming in, and half of it tells less than none. */
  get readAt(): number {
    return this.#readAt
  }

  /** The stream is over: the container ended, or the engine went away. */
  get ended(): boolean {
    return this.#endedAt !== null
  }

  /** Since when nobody reads on (ms since the epoch); null while the stream goes on. */
  get endedAt(): number | null {
    return this.#endedAt
  }

  /** Resolves when the stream is over and every line of it was read. */
  get done(): Promise<void> {
    return this.#done
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#done
  }

  #keep(line: LogLine): void {
    this.#tail.push({ ...line, text: scrubLine(line.text.slice(0, keptCharacters)) })
    if (this.#tail.length > keptLines) this.#tail.shift()
  }

  async #follow(
    deps: Omit<ConstructorParameters<typeof LogReader>[0], 'onError'>,
    adopted: boolean,
  ): Promise<void> {
    const { signal } = this.#closing
    const options = {
      follow: true,
      ...(this.#lastAt !== undefined ? { since: this.#lastAt } : adopted ? { tail: adoptedTail } : {}),
    }
    const knownUntil = this.#lastAt ?? Number.NEGATIVE_INFINITY
    let again = this.#linesAtLast
    let isFirst = this.#readAt > 0
    try {
      for await (const line of deps.runtime.logs(this.containerId, options, signal)) {
        if (isFirst) {
          isFirst = false
          this.#readAt = Math.min(this.#readAt, deps.now() + readBackMs)
          deps.onChange()
        }
        if (line.at < knownUntil || (line.at === knownUntil && again-- > 0)) continue
        const before = this.#progress
        this.#progress = advanceLogin(before, line.text, line.at)
        this.#linesAtLast = line.at === this.#lastAt ? this.#linesAtLast + 1 : 1
        this.#lastAt = line.at
        if (deps.now() >= this.readAt) deps.onLogin?.(before, this.#progress, line.at)
        this.#keep(line)
        if (this.#progress.rejectedLogins > before.rejectedLogins) deps.onRejected(line.at)
        if (this.#progress.jvmStarts > before.jvmStarts && this.#progress.jvmStarts > 1)
          this.laterStarts.push(line.at)
        if (tellsMore(before, this.#progress)) deps.onChange()
      }
    } finally {
      this.#endedAt = deps.now()
      if (!signal.aborted) deps.onChange()
    }
  }
}

/** Whether a reconcile could decide otherwise now; most lines change nothing that matters. */
function tellsMore(before: LoginProgress, after: LoginProgress): boolean {
  return (
    before.stage !== after.stage ||
    before.reason?.code !== after.reason?.code ||
    before.terminal !== after.terminal ||
    before.twofaPushes !== after.twofaPushes ||
    before.jvmStarts !== after.jvmStarts ||
    before.openDialogs.length !== after.openDialogs.length ||
    before.readOnlyBlock !== after.readOnlyBlock ||
    before.passwordNotice !== after.passwordNotice ||
    before.configWarning !== after.configWarning
  )
}
