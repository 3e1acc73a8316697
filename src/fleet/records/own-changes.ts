// Follower records that this manager changes while all of them are being read: what was read of one may be older than the change, and must not undo it.

export class OwnChanges {
  readonly #underWay = new Set<{ readonly followerId: string }>()
  /** For each reading under way, whose records were changed since it began. */
  readonly #readings = new Set<Set<string>>()

  /** Runs `change`, which writes or deletes the record of this follower, and does what follows from that. */
  async during<T>(followerId: string, change: () => Promise<T>): Promise<T> {
    const own = { followerId }
    this.#underWay.add(own)
    for (const changed of this.#readings) changed.add(followerId)
    try {
      return await change()
    } finally {
      this.#underWay.delete(own)
    }
  }

  /** Runs `read`, which reads all records and acts on them. `changed` grows meanwhile: those of which it may know less than we do. The next reading tells. */
  async whileReading<T>(read: (changed: ReadonlySet<string>) => Promise<T>): Promise<T> {
    const changed = new Set(Array.from(this.#underWay, ({ followerId }) => followerId))
    this.#readings.add(changed)
    try {
      return await read(changed)
    } finally {
      this.#readings.delete(changed)
    }
  }
}
