// Two open sockets as one connection: bytes both ways at the pace of the slower, the end of either direction, a break.
import type { Socket } from 'node:net'

/**
 * Joins two sockets that were made with `allowHalfOpen`. What one side ends is ended on the other, which may go on sending;
 * a reset becomes a reset. At most the sockets' own buffers are held of what one side cannot take yet.
 */
export function relay(client: Socket, target: Socket): void {
  for (const [from, to] of [
    [client, target],
    [target, client],
  ] as const) {
    from.once('error', () => breakOff(from, to))
    from.once('close', () => {
      // Ended well, and `to` may still be busy with the last of it; otherwise somebody has destroyed `from`.
      if (!from.readableEnded) to.destroy()
    })
    from.pipe(to)
  }
}

/** Ends both directions with what was passed on so far; what still arrives is dropped. */
export function endRelay(...sockets: readonly Socket[]): void {
  for (const socket of sockets) socket.unpipe()
  for (const socket of sockets) socket.end().resume()
}

function breakOff(from: Socket, to: Socket): void {
  if (!from.readableEnded) {
    to.resetAndDestroy()
    return
  }
  // It had said all it had to say, and only takes no more: its last words, like the reason of a refusal, still reach the other side.
  to.resume()
  if (to.writableFinished) to.destroy()
  else to.once('finish', () => to.destroy())
}
