// Reads a server-sent event stream (WHATWG HTML 9.2) piece by piece.

export interface ServerSentEvent {
  readonly event: string
  readonly data: string
  /** The last id seen, to resume from. */
  readonly id?: string
  /** How long the server wants a client to wait before it comes again. */
  readonly retryMs?: number
}

/** Events as they arrive; comments (keep-alives) are dropped, an unfinished event at the end too. */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  let event = 'message'
  let data: string[] = []
  let id: string | undefined
  let retryMs: number | undefined
  for await (const line of readLines(body)) {
    if (line === '') {
      if (data.length > 0) {
        const place = { ...(id === undefined ? {} : { id }), ...(retryMs === undefined ? {} : { retryMs }) }
        yield { event, data: data.join('\n'), ...place }
      }
      event = 'message'
      data = []
      continue
    }
    const colon = line.indexOf(':')
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'data') data.push(value)
    else if (field === 'event') event = value
    else if (field === 'id') id = value
    else if (field === 'retry' && /^\d{1,7}$/.test(value)) retryMs = Number(value)
  }
}

/** Lines ended by LF, CR or CRLF, across chunk borders. */
async function* readLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  /** Of the line that has not ended yet: joined once, so that a long line in small pieces costs no more than its length. */
  let parts: string[] = []
  let afterReturn = false
  for await (const chunk of body) {
    let text = decoder.decode(chunk, { stream: true })
    if (text === '') continue
    // The second half of a CRLF that was cut in two.
    if (afterReturn && text.startsWith('\n')) text = text.slice(1)
    afterReturn = text.endsWith('\r')
    const lines = text.split(/\r\n|\n|\r/)
    const rest = lines.pop() ?? ''
    for (const line of lines) {
      yield parts.length === 0 ? line : parts.join('') + line
      parts = []
    }
    if (rest !== '') parts.push(rest)
  }
}
