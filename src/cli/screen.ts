// A terminal taken over for a while: an alternate screen that is drawn in place, and the old one as it was at the end.
import type { Output } from './io.ts'
import type { Size } from './watch-board.ts'

const enter = '\x1b[?1049h\x1b[?25l'
const leave = '\x1b[?25h\x1b[?1049l'

export interface Screen {
  readonly size: Size
  draw(lines: readonly string[]): void
  /** Gives the terminal back. */
  close(): void
}

/** `onResize`: it has another size now, and wants to be drawn again. */
export function openScreen(output: Output, onResize: () => void): Screen {
  output.write(enter)
  output.on?.('resize', onResize)
  return {
    get size() {
      // A terminal that does not know its size says 0.
      return { rows: output.rows || 24, columns: output.columns || 80 }
    },
    draw(lines) {
      // Each line is overwritten and its rest cleared, then what is below: no flicker.
      output.write(`\x1b[H${lines.map((line) => `${line}\x1b[K`).join('\n')}\x1b[J`)
    },
    close() {
      output.off?.('resize', onResize)
      output.write(leave)
    },
  }
}
