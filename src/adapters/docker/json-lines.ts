// One JSON value per line out of a stream of bytes: how the engine writes events and pull progress.

const newline = 0x0a

export class JsonLines<T> {
  #rest: Buffer = Buffer.alloc(0)

  /** The values completed by this chunk. Throws SyntaxError when a line is no JSON. */
  push(chunk: Buffer): T[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const values: T[] = []
    for (let end = this.#rest.indexOf(newline); end >= 0; end = this.#rest.indexOf(newline)) {
      const line = this.#rest.toString('utf8', 0, end).trim()
      this.#rest = this.#rest.subarray(end + 1)
      if (line !== '') values.push(JSON.parse(line) as T)
    }
    return values
  }
}
