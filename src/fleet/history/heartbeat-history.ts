// The latest heartbeats of each gateway, as a person wants to see them in a row: when, and how long the round trip took. Of this manager only.

const kept = 120

export interface Heartbeat {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly roundTripMs: number
}

export class HeartbeatHistory {
  readonly #beats = new Map<string, Heartbeat[]>()

  note(followerId: string, beat: Heartbeat): void {
    const beats = this.#beats.get(followerId) ?? []
    this.#beats.set(followerId, beats)
    beats.push(beat)
    if (beats.length > kept) beats.shift()
  }

  /** Oldest first, at most 120. */
  of(followerId: string): readonly Heartbeat[] {
    return this.#beats.get(followerId) ?? []
  }

  forget(followerId: string): void {
    this.#beats.delete(followerId)
  }
}
