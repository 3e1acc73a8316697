// Judges a gateway's record: which orders reached it on connections that were never validated, or after the mark that the closing gate left.

/** As much of a recorded request as the judgement needs. */
export interface Recorded {
  readonly sequence: number
  readonly connection: number
  readonly name: string
  readonly orderRef?: string
}

export interface Violation {
  readonly sequence: number
  readonly connection: number
  readonly orderRef: string
  readonly why: 'never validated' | 'after the mark'
}

export class Audit {
  readonly violations: Violation[] = []
  orders = 0
  marks = 0
  /** Of connections: whether the gate is open for them, as far as the record has been read. */
  readonly #open = new Map<number, boolean>()
  #openings: Array<{ readonly sequence: number; readonly connection: number }> = []
  #readUpTo = 0

  /** The gate was opened for a connection, when `sequence` was the last that the gateway had recorded. */
  opened(connection: number, sequence: number): void {
    this.#openings.push({ connection, sequence })
  }

  /** Judges what is new in the record. */
  read(record: readonly Recorded[]): void {
    let from = record.length
    while (from > 0 && (record[from - 1] as Recorded).sequence > this.#readUpTo) from--
    for (const request of record.slice(from)) {
      this.#openUpTo(request.sequence)
      this.#readUpTo = request.sequence
      if (request.name === 'reqIds') this.#mark(request)
      else if (request.name === 'placeOrder') this.#order(request)
    }
    this.#openUpTo(Number.POSITIVE_INFINITY)
  }

  #openUpTo(sequence: number): void {
    while (this.#openings[0] && this.#openings[0].sequence < sequence) {
      this.#open.set(this.#openings[0].connection, true)
      this.#openings.shift()
    }
  }

  #mark({ connection }: Recorded): void {
    this.marks++
    if (this.#open.has(connection)) this.#open.set(connection, false)
  }

  #order({ sequence, connection, orderRef = '' }: Recorded): void {
    this.orders++
    const open = this.#open.get(connection)
    if (open) return
    const why = open === undefined ? 'never validated' : 'after the mark'
    this.violations.push({ sequence, connection, orderRef, why })
  }
}
