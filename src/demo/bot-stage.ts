// What the bot's demo shows: its log lines, its alerts, and the narrator's sentences; and a way to wait until a line was heard.

import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { painter } from '../cli/terminal.ts'
import type { AlertSink } from '../ports/alerts.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'

type Level = 'debug' | 'info' | 'warn' | 'error'
const colours = { debug: 'dim', info: 'dim', warn: 'yellow', error: 'red' } as const
/** Fields that say more than they take room. */
const shown = [
  'attempt',
  'detail',
  'reason',
  'strategy',
  'symbol',
  'action',
  'quantity',
  'roundTripMs',
  'why',
]

export class BotStage {
  readonly log: Log
  /** Where a chat would be. */
  readonly alerts: AlertSink
  readonly #out: NodeJS.WriteStream
  readonly #clock: Clock
  readonly #signal: AbortSignal
  readonly #paint: ReturnType<typeof painter>
  #lines: string[] = []
  #wake: () => void = () => {}

  constructor(out: NodeJS.WriteStream, clock: Clock, signal: AbortSignal) {
    this.#out = out
    this.#clock = clock
    this.#signal = signal
    this.#paint = painter(out, process.env)
    this.log = this.#logger()
    this.alerts = {
      name: 'chat',
      deliver: async ({ level, title, action }) => {
        this.#print(
          this.#paint(
            'bold',
            `  alert ${level}: ${title}${action && action !== 'None' ? ` (${action})` : ''}`,
          ),
        )
      },
    }
  }

  say(text: string): void {
    this.#print(`\n${this.#paint('bold', text)}`)
  }

  /** Resolves when this line was logged since the last line that was waited for. Rejects when that takes too long, or with the signal's reason. */
  async heard(line: string, timeoutMs: number): Promise<void> {
    const untilMs = this.#clock.monotonicMs() + timeoutMs
    for (;;) {
      const at = this.#lines.indexOf(line)
      if (at >= 0) {
        this.#lines = this.#lines.slice(at + 1)
        return
      }
      this.#signal.throwIfAborted()
      const leftMs = untilMs - this.#clock.monotonicMs()
      if (leftMs <= 0) throw new Error(`"${line}" was not heard within ${timeoutMs / 1000} s`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        this.#clock.schedule(Math.min(leftMs, 500), resolve)
      })
    }
  }

  #logger(): Log {
    const line = (level: Level) => (fields: object, message: string) => this.#onLine(level, fields, message)
    return {
      debug() {},
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
      child: () => this.log,
    }
  }

  #onLine(level: Level, fields: object, message: string): void {
    const known = fields as Record<string, unknown>
    const more = shown
      .filter((name) => known[name] !== undefined)
      .map((name) => `${name}=${String(known[name])}`)
      .join(' ')
    const time = new Date(this.#clock.now()).toISOString().slice(11, 19)
    this.#print(this.#paint(colours[level], `  ${time} ${message}${more ? `  ${more}` : ''}`))
    this.#lines.push(message)
    this.#wake()
  }

  #print(text: string): void {
    this.#out.write(`${text}\n`)
  }
}

/** A port that nothing listens on, for a gateway that comes later. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
