// The queue between the vendor's framing and its decoder. Theirs is a plain array: taking the first of half a million fields
// moves all others, so that one answer of 60,000 bars would stop the process for a quarter of a minute.

/** As much of an array as the decoder uses; `undefined` marks where messages begin and end. */
export class FieldQueue {
  #fields: Array<string | undefined> = []
  #at = 0

  get length(): number {
    return this.#fields.length - this.#at
  }

  get 0(): string | undefined {
    return this.#fields[this.#at]
  }

  push(field: string | undefined): void {
    this.#fields.push(field)
  }

  /** Unlike an array's, in place. */
  concat(fields: ReadonlyArray<string | undefined>): this {
    for (const field of fields) this.#fields.push(field)
    return this
  }

  shift(): string | undefined {
    const field = this.#fields[this.#at++]
    if (this.#at >= this.#fields.length) {
      this.#fields = []
      this.#at = 0
    }
    return field
  }

  /** The decoder prints what is left over; the first few fields tell enough. */
  toJSON(): unknown {
    return this.#fields.slice(this.#at, this.#at + 10)
  }
}
