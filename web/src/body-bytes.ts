// The bytes of an answer as they come, in browsers that cannot iterate over a body too.

/** `onArrival` at each arrival. Whoever stops reading closes the connection. */
export async function* bodyBytes({ body }: Response, onArrival = () => {}): AsyncGenerator<Uint8Array> {
  if (!body) return
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      onArrival()
      yield value
    }
  } finally {
    void reader.cancel().catch(() => {})
  }
}
